import type { GroupMember } from "../contract.ts";
import { NotSupportedError } from "../errors.ts";
import type { Topic } from "../topic.ts";

/** The members of a name's group; empty if the driver has no groups. */
export async function membersOf(topic: Topic, name: string): Promise<GroupMember[]> {
  try {
    return await topic.members(name);
  } catch (error) {
    if (error instanceof NotSupportedError) return [];
    throw error;
  }
}
