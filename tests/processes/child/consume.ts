import { openSync, writeSync } from "node:fs";
import { FullDataSelector, type Topic } from "../../../mod.ts";
import { type Content, isDataOf, randomFrom } from "../content.ts";
import { tell } from "./task.ts";

/**
 * Pulls events under a consumer name until it is killed, and acknowledges some of them. Lines in the log
 * file:
 *
 * ```text
 * first PARTITION ID        the first event it received
 * begin PARTITION NEXT_ID   an acknowledgement of everything below NEXT_ID begins
 * done PARTITION NEXT_ID    and is stored
 * fault TEXT                it received something unexpected
 * ```
 *
 * ```text
 * consume ROOT_PATH TOPIC RUN NAME LOG_FILE
 * ```
 */
export async function consume(topic: Topic, [run, name, logFile]: readonly string[]): Promise<void> {
  const random = randomFrom(Number(run));
  const log = openSync(logFile, "a");
  const write = (line: string): void => void writeSync(log, `${line}\n`);
  await using consumer = topic.consumer(name, { dataSelector: FullDataSelector });
  const nextIds = new Map<number, number>();
  let untilAcknowledged = 1;
  let isWorking = false;
  let hasAcknowledged = false;

  tell("open");
  for await (const event of consumer.events()) {
    if (!isWorking) tell("working");
    isWorking = true;
    const { partition, id } = event;
    const expected = nextIds.get(partition);
    if (expected === undefined) write(`first ${partition} ${id}`);
    else if (id !== expected) write(`fault event ${id} of partition ${partition} came, not ${expected}`);
    nextIds.set(partition, id + 1);
    const content = event.metadata as Content;
    if (!isDataOf(content, event.data ?? new Uint8Array(0))) {
      write(`fault event ${id} of partition ${partition} has data that is not its own`);
    }
    if (--untilAcknowledged > 0) continue;
    untilAcknowledged = 1 + Math.floor(random() * 100);
    write(`begin ${partition} ${id + 1}`);
    await event.acknowledge();
    write(`done ${partition} ${id + 1}`);
    if (!hasAcknowledged) tell("acknowledged");
    hasAcknowledged = true;
  }
}
