import type { PartitionLag } from "../../../mod.ts";
import type { Invocation } from "../command.ts";
import { membersOf } from "../consume/group_members.ts";
import { topicNameOf, withTopic } from "../connect.ts";

/** Lists consumer names. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console } = invocation;
  await withTopic(invocation, topicNameOf(args), async (topic) => {
    for (const name of (await topic.consumers()).sort()) {
      if (!args.flag("verbose") && !args.flag("json")) {
        await console.out.line(name);
        continue;
      }
      const members = await membersOf(topic, name);
      const document = {
        name,
        ...lagTotals(await topic.lag(name)),
        ...(members.length === 0 ? {} : { members: members.map((member) => ({ ...member })) }),
      };
      if (args.flag("json")) await console.out.json(document);
      else await console.out.line(`${name} ${JSON.stringify(document)}`);
    }
  });
}

/** The total lag of a name over all partitions. */
export function lagTotals(
  partitions: readonly PartitionLag[],
): { events: number; bytes: number; seconds: number } {
  return {
    events: partitions.reduce((sum, partition) => sum + partition.events, 0),
    bytes: partitions.reduce((sum, partition) => sum + partition.bytes, 0),
    seconds: Math.max(0, ...partitions.map((partition) => partition.seconds)),
  };
}
