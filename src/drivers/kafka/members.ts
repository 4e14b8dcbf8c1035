import type { Group } from "@platformatic/kafka";
import type { GroupMember } from "../../contract.ts";

/** Who of a group reads a topic, and which partitions of it each has. */
export function membersOf(group: Group | undefined, kafkaName: string): GroupMember[] {
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
