import { type GroupMember, NotSupportedError, type Topic } from "../../../mod.ts";

/** The members of a name's group; empty if the driver has no groups. */
export async function membersOf(topic: Topic, name: string): Promise<GroupMember[]> {
  try {
    return await topic.members(name);
  } catch (error) {
    if (error instanceof NotSupportedError) return [];
    throw error;
  }
}

/** A member as shown to users: its process and machine. */
export function memberText({ id, host, pid }: GroupMember): string {
  const place = pid === undefined ? id : `process ${pid}`;
  return host === "" ? place : `${place} on ${host}`;
}
