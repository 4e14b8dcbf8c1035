import { createHash } from "node:crypto";

/** No broker takes a longer id. */
const CHARS_MAX = 249;

/** Numbers of the members that are open in this process, by what their ids begin with. */
const taken = new Map<string, Set<number>>();

/** Where a member is, all of whose members have ids of their own. */
export interface MemberPlace {
  servers: string;
  group: string;
  kafkaName: string;
}

/** The id of one member, until it is released. */
export interface InstanceId {
  id: string;
  release(): void;
}

/**
 * An id for one member of a group, made from `group.instance.id`: by topic and by number, since brokers take two
 * members under one id for one that came back, and shut the first one out. The number is the lowest that no open
 * consumer of this process has, so that a program that begins again gives everybody the same id.
 */
export function takeInstanceId(base: string, { servers, group, kafkaName }: MemberPlace): InstanceId {
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
