import type { PartitionDescription, StartPosition } from "../../mod.ts";
import { looksLikeTime } from "../text/time.ts";
import { parseTime } from "./time.ts";
import { UsageError } from "./usage_error.ts";

/** A start position given on a command line; `{ last }` counts from the end of each partition. */
export type StartArgument = StartPosition | { last: number };

/** Parses `earliest`, `latest`, an id, `@TIME` or `-N`. An age or a date needs no `@`. */
export function parseStart(option: string, text: string): StartArgument {
  if (text === "earliest" || text === "latest") return text;
  if (text.startsWith("@")) return { time: parseTime(option, text.slice(1)) };
  if (looksLikeTime(text)) return { time: parseTime(option, text) };
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return { id: Number(text) };
  if (/^-\d+$/.test(text) && Number.isSafeInteger(Number(text))) return { last: -Number(text) };
  throw new UsageError(
    `Option "${option}" takes earliest, latest, an id, a time, an age such as 15m, or -N; found ${
      JSON.stringify(text)
    }`,
  );
}

/** The start position in one partition. The id of a removed event means the first existing one. */
export function startIn(partition: PartitionDescription, start: StartArgument): StartPosition {
  if (typeof start === "object" && "last" in start) {
    return { id: Math.max(partition.firstId, partition.nextId - start.last) };
  }
  return start;
}
