import { isoTime } from "../../text/time.ts";
import type { JsonObject, PartitionDescription } from "../../../mod.ts";
import type { Invocation } from "../command.ts";
import { topicNameOf, withTopic } from "../connect.ts";
import { formatAge, formatBytes } from "../console/progress.ts";
import { formatTable } from "../console/table.ts";
import { withoutSecrets } from "../../secrets.ts";
import { totalsOf } from "../../ui/totals.ts";

/** Shows a topic. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console } = invocation;
  const name = topicNameOf(args);
  await withTopic(invocation, name, async (topic, driver) => {
    const info = (await driver.listTopics()).get(name)!;
    const partitions = await topic.describe();
    const { events, bytes } = totalsOf(partitions);
    if (args.flag("json")) {
      await console.out.json({
        name,
        ...(info.path === undefined ? {} : { path: info.path }),
        num_partitions: info.numPartitions,
        validator: info.validator,
        serializer: info.serializer,
        partition_selector: info.partitionSelector,
        options: withoutSecrets(info.options),
        events,
        bytes,
        partitions: partitions.map(partitionDocument),
      });
      return;
    }
    for (const { fault } of partitions) if (fault !== undefined) console.log.warn(fault);
    const rows: [string, string][] = [
      ["name", name],
      ["path", info.path ?? "-"],
      ["options", JSON.stringify(withoutSecrets(info.options))],
      ["validator", JSON.stringify(info.validator)],
      ["serializer", JSON.stringify(info.serializer)],
      ["partition selector", JSON.stringify(info.partitionSelector)],
      ["events", String(events)],
      ["size", formatBytes(bytes)],
    ];
    for (const [key, value] of rows) await console.out.line(`${key.padEnd(20)}${value}`);
    await console.out.line("");
    const head = ["partition", "first id", "next id", "events", "size", "segments", "oldest", "newest"];
    const { columns } = console.out;
    const exact = formatTable(head, partitions.map((partition) => partitionRow(partition, isoTime)));
    // Times shortened to fit a narrow terminal would say nothing: ages do.
    const lines = exact.every((line) => line.length <= columns)
      ? exact
      : formatTable(head, partitions.map((partition) => partitionRow(partition, age)), columns);
    for (const line of lines) await console.out.line(line);
  });
}

function partitionRow(
  partition: PartitionDescription,
  timeText: (time: number) => string,
): (string | number)[] {
  const { firstId, nextId, bytes, segments, oldestTime, newestTime, fault } = partition;
  if (fault !== undefined) return [partition.partition, "?", "?", "?", "?", "?", "?", "?"];
  return [
    partition.partition,
    firstId,
    nextId,
    nextId - firstId,
    formatBytes(bytes),
    segments,
    oldestTime === undefined ? "-" : timeText(oldestTime),
    newestTime === undefined ? "-" : timeText(newestTime),
  ];
}

function partitionDocument(partition: PartitionDescription): JsonObject {
  return {
    partition: partition.partition,
    first_id: partition.firstId,
    next_id: partition.nextId,
    events: partition.nextId - partition.firstId,
    bytes: partition.bytes,
    segments: partition.segments,
    oldest_time: partition.oldestTime ?? null,
    newest_time: partition.newestTime ?? null,
    ...(partition.fault === undefined ? {} : { fault: partition.fault }),
  };
}

function age(time: number): string {
  return formatAge(Math.max(0, Date.now() - time) / 1000);
}
