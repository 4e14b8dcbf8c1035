import type { GroupMember } from "../contract.ts";

/** A member as shown to users: its process and machine. */
export function memberText({ id, host, pid }: GroupMember): string {
  const place = pid === undefined ? id : `process ${pid}`;
  return host === "" ? place : `${place} on ${host}`;
}
