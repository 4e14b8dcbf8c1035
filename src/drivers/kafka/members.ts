import type { Group as DescribedGroup } from "@platformatic/kafka";
import type { GroupMember } from "../../contract.ts";
import type { Cluster } from "./cluster.ts";

/** The members of a name's group that read a topic. */
export async function findMembers(
  { cluster, name, kafkaName }: { cluster: Cluster; name: string; kafkaName: string },
  consumerName: string,
): Promise<GroupMember[]> {
  const what = `find out who shares topic "${name}" as "${consumerName}"`;
  const groups = await cluster.run(what, (admin) => admin.describeGroups({ groups: [consumerName] }));
  return membersOf(groups.get(consumerName), kafkaName);
}

/** The members of a group that read a topic, and their partitions of it. */
function membersOf(group: DescribedGroup | undefined, kafkaName: string): GroupMember[] {
  const members: GroupMember[] = [];
  for (const [id, { clientHost, assignments, metadata }] of group?.members ?? []) {
    const partitions = assignments?.get(kafkaName)?.partitions ?? [];
    if (metadata?.topics?.includes(kafkaName) === false && partitions.length === 0) continue;
    members.push({
      id,
      host: clientHost.replace(/^\//, ""),
      partitions: [...partitions].sort((one, other) => one - other),
    });
  }
  return members;
}
