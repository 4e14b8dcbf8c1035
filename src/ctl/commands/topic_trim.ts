import type { TrimRequest } from "../../../mod.ts";
import { withoutUndefined } from "../../options.ts";
import type { Invocation } from "../command.ts";
import { partitionsOf, topicNameOf, withTopic } from "../connect.ts";
import { formatBytes } from "../console/progress.ts";
import { formatTable } from "../console/table.ts";
import { EXIT } from "../exit_codes.ts";
import { parsePastTime } from "../time.ts";
import { UsageError } from "../usage_error.ts";
import { counted } from "../../text/counted.ts";

/** Removes the oldest events of a topic. */
export async function run(invocation: Invocation): Promise<number | void> {
  const { args, console, signal } = invocation;
  const name = topicNameOf(args);
  const beforeTime = args.text("before-time");
  const conditions = withoutUndefined({
    beforeId: args.number("before-id"),
    beforeTime: beforeTime === undefined ? undefined : parsePastTime("--before-time", beforeTime),
    maxBytes: args.number("keep-bytes"),
    acknowledged: args.flag("acknowledged") ? true : undefined,
  });
  if (Object.keys(conditions).length === 0) {
    throw new UsageError(
      'Missing condition: add "--before-id", "--before-time", "--keep-bytes" or "--acknowledged"',
    );
  }
  const request: TrimRequest = { ...conditions, ...withoutUndefined({ partitions: partitionsOf(args) }) };
  return await withTopic(invocation, name, async (topic) => {
    const dryRun = args.flag("dry-run");
    if (!dryRun) {
      const plan = await topic.trim({ ...request, dryRun: true });
      const events = plan.reduce((sum, partition) => sum + partition.firstId - partition.firstIdBefore, 0);
      const bytes = formatBytes(plan.reduce((sum, partition) => sum + partition.bytes, 0));
      if (console.canAsk && !args.flag("yes")) {
        for (const { partition, firstIdBefore, firstId } of plan) {
          if (firstId === firstIdBefore) continue;
          console.log.info(
            `Partition ${partition} would lose ids ${firstIdBefore} to ${
              firstId - 1
            }, and begin at id ${firstId}`,
          );
        }
      }
      const question = `Remove ${counted(events, "event")} (${bytes}) of topic "${name}"?`;
      // What removes nothing needs no answer.
      if (events > 0 && !await console.confirm(question, { yes: args.flag("yes"), signal })) {
        return EXIT.failure;
      }
    }
    const results = await topic.trim({ ...request, dryRun });
    if (args.flag("json")) {
      for (const { partition, firstIdBefore, firstId, bytes } of results) {
        await console.out.json({ partition, first_id_before: firstIdBefore, first_id: firstId, bytes });
      }
      return;
    }
    const rows = results.map(({ partition, firstIdBefore, firstId, bytes }) => [
      partition,
      firstIdBefore,
      firstId,
      firstId - firstIdBefore,
      formatBytes(bytes),
    ]);
    const head = ["partition", "first id before", "first id", dryRun ? "would go" : "removed", "size"];
    for (const line of formatTable(head, rows, console.out.columns)) await console.out.line(line);
    if (results.every(({ firstId, firstIdBefore }) => firstId === firstIdBefore)) {
      console.log.info("There is nothing to remove: in files, only whole segments go");
    }
  });
}
