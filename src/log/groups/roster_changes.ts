import type { Member, Roster, Share } from "./roster.ts";
import { shareOut } from "./shares.ts";

/** What the next roster says. */
export type NextRoster = Omit<Roster, "epoch">;

/** Without some members, maybe with a new one; what no one owns then is given out. */
export function withoutMembers(roster: Roster, gone: readonly string[], joining?: Member): NextRoster {
  const members = roster.members.filter(({ id }) => !gone.includes(id));
  if (joining !== undefined) members.push(joining);
  const ids = members.map(({ id }) => id);
  const owners = roster.shares.map(({ owner }) => ids.includes(owner ?? "") ? owner : undefined);
  const wanted = shareOut(ids, owners);
  const shares = roster.shares.map((share, partition): Share => {
    if (owners[partition] !== undefined) return share;
    return { owner: wanted[partition], epoch: roster.epoch + 1 };
  });
  return { members, shares };
}

/** With a member that says that it is there; undefined where it is not in the roster, or has said so. */
export function withRenewal(
  { members, shares }: Roster,
  id: string,
  renewals: number,
): NextRoster | undefined {
  const me = members.find((member) => member.id === id);
  if (me === undefined || me.renewals === renewals) return undefined;
  return { members: members.map((member) => member === me ? { ...me, renewals } : member), shares };
}

/** Whether every partition is the one's that should have it. */
export function isEven({ members, shares }: Roster): boolean {
  const owners = shares.map(({ owner }) => owner);
  return String(shareOut(members.map(({ id }) => id), owners)) === String(owners);
}
