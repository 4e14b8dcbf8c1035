import type { Invocation } from "../command.ts";
import { partitionsOf, topicAndRequiredConsumerOf, withTopic } from "../connect.ts";
import { parsePlace, placeIn } from "../position.ts";

/** Moves a consumer name's position. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console } = invocation;
  const { topic: topicName, consumer } = topicAndRequiredConsumerOf(args);
  const place = parsePlace("--to", args.text("to")!);
  const wanted = partitionsOf(args);
  await withTopic(invocation, topicName, async (topic) => {
    const dryRun = args.flag("dry-run");
    const known = await topic.describe();
    for (const number of wanted ?? []) {
      // The driver names the partitions there are.
      if (!known.some(({ partition }) => partition === number)) {
        await topic.seekConsumer(consumer, "earliest", { partitions: [number] });
      }
    }
    for (const partition of known) {
      if (wanted !== undefined && !wanted.includes(partition.partition)) continue;
      const to = placeIn(partition, place);
      const text = typeof to === "string"
        ? to
        : "id" in to
        ? `id ${to.id}`
        : `time ${new Date(to.time).toISOString()}`;
      if (!dryRun) await topic.seekConsumer(consumer, to, { partitions: [partition.partition] });
      const verb = dryRun ? "would be" : "is";
      console.log.info(`Consumer '${consumer}' ${verb} at ${text} in partition ${partition.partition}`);
    }
  });
}
