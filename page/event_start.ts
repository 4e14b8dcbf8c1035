import { EXPECTED_TIME, timeOf, timeRemark } from "../src/text/time.ts";
import type { PageQuery } from "./event_search.ts";

/** The time zone in which times are shown and entered. */
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "local time";

/** An id as people write it: `40000`, `40,000`, `40_000`. */
export function idOf(text: string): number | undefined {
  const isId = /^\d+$|^\d{1,3}(?:[,_ ]\d{3})+$/.test(text.trim());
  const id = Number(text.replace(/[,_ ]/g, ""));
  return isId && Number.isSafeInteger(id) ? id : undefined;
}

/** The page in an address; undefined if it names none. */
export function pageOf(query: URLSearchParams): PageQuery | undefined {
  const [after, before, older, newer] = ["after", "before", "older", "newer"].map((name) =>
    query.get(name) ?? ""
  );
  if (older !== "") return { older };
  if (newer !== "") return { newer };
  if (/^\d+$/.test(before)) return { before: Number(before) };
  if (/^\d+$/.test(after)) return { from: Number(after) };
  return undefined;
}

/** Where a search begins; throws an error that says what is expected. */
export function startQuery(
  { start, partition, isOldestFirst }: {
    start: string;
    partition: number | undefined;
    isOldestFirst: boolean;
  },
): PageQuery {
  if (start === "") {
    if (!isOldestFirst) return {};
    return partition === undefined ? { time: 0 } : { from: 0 };
  }
  const id = idOf(start);
  if (id !== undefined && partition !== undefined) return { from: id };
  // Without a partition, a number with as many digits as times since 1970 have is not an id.
  const time = timeOf(start.replace(/^@/, ""));
  if (time === undefined) {
    if (id !== undefined && timeRemark(start) === "") {
      throw new Error(`Ids are those of a partition: choose one for “${start}”`);
    }
    throw new Error(`“${start}” is neither an id nor a time: write ${EXPECTED_TIME}${timeRemark(start)}`);
  }
  return { time: Math.floor(time) };
}
