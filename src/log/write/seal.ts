import type { Partition } from "../partition.ts";
import { Appender } from "./appender.ts";

/** Seals the last segment, so that it can be removed: the next append begins a new one. */
export function sealLast(partition: Partition): void {
  withAppender(partition, (appender) => appender.seal());
}

/** Ends the partition: no later append, of any process, will be counted. */
export function endForGood(partition: Partition): void {
  withAppender(partition, (appender) => appender.sealForever());
}

function withAppender(partition: Partition, work: (appender: Appender) => void): void {
  const appender = new Appender(partition, Number.MAX_SAFE_INTEGER);
  try {
    work(appender);
  } finally {
    appender.close();
  }
}
