import type { PageQuery } from "./event_search.ts";
import { idOf, pageOf } from "./event_start.ts";
import { linkTo, partitionIn } from "./route.ts";

/** What an address says about the events shown. */
export interface EventAddress {
  partition: number | undefined;
  /** Why the address is invalid. */
  fault: string | undefined;
  filter: string;
  /** An id or a time, as typed. */
  start: string;
  isOldestFirst: boolean;
  isLive: boolean;
  /** Fields of the metadata that are shown as columns. */
  columns: string[];
  /** The page, in addition to where a search begins. */
  page: PageQuery | undefined;
  /** Open events, as `PARTITION/ID`. */
  opened: string[];
}

/** Parses it. `open` alone is a link to one event. */
export function eventAddressOf(query: URLSearchParams): EventAddress {
  const { partition, fault } = partitionIn(query);
  const open = partition === undefined ? undefined : idOf(query.get("open") ?? "");
  return {
    partition,
    fault,
    filter: query.get("filter") ?? "",
    start: query.get("from") ?? query.get("at") ?? "",
    isOldestFirst: query.get("order") === "oldest" || open !== undefined,
    isLive: query.get("live") === "1",
    columns: columnsOf(query.get("columns") ?? ""),
    page: pageOf(query) ?? (open === undefined ? undefined : { from: open }),
    opened: open === undefined ? words(query.get("opened") ?? "") : [`${partition}/${open}`],
  };
}

/** The address of what is shown, with changes; the page and open events are left out unless given. */
export function eventLink(
  topic: string,
  { partition, filter, start, isOldestFirst, isLive, columns }: EventAddress,
  changes: Record<string, string | number | undefined>,
): string {
  const id = idOf(start);
  return linkTo(["topics", topic, "events"], {
    partition,
    filter,
    live: isLive ? "1" : undefined,
    from: id,
    at: id === undefined ? start : undefined,
    order: isOldestFirst ? "oldest" : undefined,
    columns: columns.join(","),
    ...changes,
  });
}

/** `energy, run.kind`. */
export function columnsOf(typed: string): string[] {
  return [...new Set(words(typed))];
}

function words(text: string): string[] {
  return text.split(",").map((word) => word.trim()).filter((word) => word !== "");
}
