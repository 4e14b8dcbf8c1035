import type { Consumer } from "../../../mod.ts";
import type { Log } from "../console/log.ts";
import type { StartArgument } from "../position.ts";

/** Says so if `--from ID` is past the end of every partition, where silence would look like an empty topic. */
export async function warnIfPastEnd(consumer: Consumer, start: StartArgument, log: Log): Promise<void> {
  if (typeof start !== "object" || !("id" in start)) return;
  await consumer.ready();
  const { topic, partitions } = consumer;
  const described = await topic.describe();
  const nextIds = described.map(({ partition, nextId }) => partitions.includes(partition) ? nextId : 0);
  const nextId = Math.max(0, ...nextIds);
  if (start.id <= nextId) return;
  const found = nextId === 0 ? "it is empty" : `its ids are below ${nextId}`;
  log.warn(`Topic "${topic.name}" has no event with id ${start.id} yet (${found}): starting at its end`);
}
