import type { Invocation } from "../command.ts";
import { topicAndConsumerOf, withTopic } from "../connect.ts";
import { formatTable } from "../console/table.ts";
import { lagTotals } from "./consumer_list.ts";

/** Shows how far consumer names are behind. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console } = invocation;
  const { topic: topicName, consumer } = topicAndConsumerOf(args);
  await withTopic(invocation, topicName, async (topic) => {
    const names = consumer === undefined ? (await topic.consumers()).sort() : [consumer];
    const rows: (string | number)[][] = [];
    for (const name of names) {
      const partitions = await topic.lag(name);
      if (args.flag("json")) await console.out.json({ name, ...lagTotals(partitions), partitions });
      for (const { partition, position, acknowledged, events, bytes, seconds, fault } of partitions) {
        if (fault !== undefined) {
          if (!args.flag("json")) console.log.warn(fault);
          rows.push([name, partition, position, acknowledged ? "yes" : "no", "?", "?", "?"]);
          continue;
        }
        rows.push([
          name,
          partition,
          position,
          acknowledged ? "yes" : "no",
          events,
          bytes,
          Math.round(seconds),
        ]);
      }
    }
    if (args.flag("json")) return;
    const head = ["consumer", "partition", "position", "acknowledged", "events", "bytes", "seconds"];
    for (const line of formatTable(head, rows)) await console.out.line(line);
  });
}
