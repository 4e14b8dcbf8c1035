import { createHash } from "node:crypto";

/** Brokers accept no longer id. */
const CHARS_MAX = 249;

/** Instance numbers of open members in this process, by their id prefix. */
const taken = new Map<string, Set<number>>();

/** Identifies a set of members that need distinct ids. */
interface MemberScope {
  servers: string;
  group: string;
  kafkaName: string;
}

/** The instance id of one member, until it is released. */
export interface InstanceId {
  id: string;
  release(): void;
}

/**
 * An instance id for one member, derived from `group.instance.id` with the topic and a number, since brokers
 * consider a second member with the same id the first one restarted, and fence the first. The number is the lowest
 * one not used by an open consumer of this process, so that a restarted program gets the same ids.
 */
export function takeInstanceId(base: string, { servers, group, kafkaName }: MemberScope): InstanceId {
  const key = JSON.stringify([servers, group, kafkaName, base]);
  const numbers = taken.get(key) ?? new Set<number>();
  taken.set(key, numbers);
  let number = 1;
  while (numbers.has(number)) number++;
  numbers.add(number);
  return {
    id: fitted(`${base}-${number}-${kafkaName}`),
    release: () => {
      numbers.delete(number);
      if (numbers.size === 0 && taken.get(key) === numbers) taken.delete(key);
    },
  };
}

function fitted(id: string): string {
  if (id.length <= CHARS_MAX) return id;
  const digest = createHash("sha256").update(id).digest("hex");
  return `${id.slice(0, CHARS_MAX - digest.length - 1)}-${digest}`;
}
