import { openSync, writeSync } from "node:fs";
import process from "node:process";
import { EventGoneError, FullDataSelector, type Topic } from "../../../mod.ts";
import { type Content, isDataOf } from "../content.ts";
import { tell } from "./task.ts";

/**
 * Reads everything from the first event on, as it arrives, until its standard input ends, and logs each event
 * as a line `PARTITION ID RUN SEQ`, or `fault TEXT`. Events that retention removed before they were read are
 * skipped.
 *
 * ```text
 * tail ROOT_PATH TOPIC NAME LOG_FILE
 * ```
 */
export async function tail(topic: Topic, [name, logFile]: readonly string[]): Promise<void> {
  const log = openSync(logFile, "a");
  const stop = new AbortController();
  process.stdin.on("data", () => {}).on("end", () => stop.abort());
  await using consumer = topic.consumer(name, { dataSelector: FullDataSelector });
  tell("open");
  while (!stop.signal.aborted) {
    try {
      for await (const { partition, id, metadata, data } of consumer.events({ signal: stop.signal })) {
        const content = metadata as Content;
        const isOwn = isDataOf(content, data ?? new Uint8Array(0));
        writeSync(log, `${isOwn ? "" : "fault data of "}${partition} ${id} ${content.run} ${content.seq}\n`);
      }
    } catch (error) {
      if (stop.signal.aborted) break;
      if (!(error instanceof EventGoneError)) {
        writeSync(log, `fault ${error instanceof Error ? `${error.name}: ${error.message}` : error}\n`);
        return;
      }
    }
  }
}
