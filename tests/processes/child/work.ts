import { openSync, writeSync } from "node:fs";
import { diagnostics, PartitionMovedError, type Topic } from "../../../mod.ts";
import { tell } from "./task.ts";

/**
 * Reads its share of the events as a group member until it is killed, and acknowledges each of them. Lines in
 * the log file:
 *
 * ```text
 * given PARTITION ID     the event was delivered
 * begin PARTITION ID     its acknowledgement begins
 * done PARTITION ID      and is stored
 * refused PARTITION ID   or is refused, because the partition has moved
 * ```
 *
 * ```text
 * work ROOT_PATH TOPIC NAME TIMEOUT_MS LOG_FILE
 * ```
 */
export async function work(topic: Topic, [name, timeoutMs, logFile]: readonly string[]): Promise<void> {
  const log = openSync(logFile, "a");
  const write = (what: string, { partition, id }: { partition: number; id: number }): void =>
    void writeSync(log, `${what} ${partition} ${id}\n`);
  diagnostics.assignment.subscribe(({ partitions }) => tell(`own ${partitions.join(",")}`));
  await using consumer = topic.consumer(name, { group: true, groupTimeoutMs: Number(timeoutMs) });
  await consumer.ready();
  tell("ready");
  for await (const event of consumer.events()) {
    write("given", event);
    write("begin", event);
    try {
      await event.acknowledge();
      write("done", event);
    } catch (error) {
      if (!(error instanceof PartitionMovedError)) throw error;
      write("refused", event);
    }
  }
}
