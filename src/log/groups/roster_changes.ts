import type { Member, Roster, Share } from "./roster.ts";
import { assignPartitions } from "./assignor.ts";

/** What the next roster says. */
export type NextRoster = Omit<Roster, "epoch">;

/** The roster without some members, and with a new one if that is given; free partitions are assigned. */
export function withoutMembers(roster: Roster, gone: readonly string[], joining?: Member): NextRoster {
  const members = roster.members.filter(({ id }) => !gone.includes(id));
  if (joining !== undefined) members.push(joining);
  const ids = members.map(({ id }) => id);
  const owners = roster.shares.map(({ owner }) => ids.includes(owner ?? "") ? owner : undefined);
  const wanted = assignPartitions(ids, owners);
  const shares = roster.shares.map((share, partition): Share => {
    if (owners[partition] !== undefined) return share;
    return { owner: wanted[partition], epoch: roster.epoch + 1 };
  });
  return { members, shares };
}

/** The roster with a renewal of a member; undefined if it is not in the roster, or that renewal is. */
export function withRenewal(
  { members, shares }: Roster,
  id: string,
  renewals: number,
): NextRoster | undefined {
  const me = members.find((member) => member.id === id);
  if (me === undefined || me.renewals === renewals) return undefined;
  return { members: members.map((member) => member === me ? { ...me, renewals } : member), shares };
}

/** Whether every partition belongs to the member that should have it. */
export function isBalanced({ members, shares }: Roster): boolean {
  const owners = shares.map(({ owner }) => owner);
  return String(assignPartitions(members.map(({ id }) => id), owners)) === String(owners);
}
