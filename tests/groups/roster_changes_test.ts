// What the next roster of a group says when members go, join or renew their lease.
import { assertEquals } from "@std/assert";
import { isBalanced, type Roster, withoutMembers, withRenewal } from "../../src/groups/roster.ts";
import { test } from "../harness.ts";
import { member } from "./scripted_environment.ts";

/** A roster of epoch 7, whose owners are letters, `-` for none, since the epochs 0, 1, 2 and so on. */
function roster(members: string, owners: string): Roster {
  return {
    epoch: 7,
    members: [...members].map((id) => member(id)),
    shares: [...owners].map((owner, epoch) => ({ owner: owner === "-" ? undefined : owner, epoch })),
  };
}

const textOf = ({ members, shares }: Omit<Roster, "epoch">): string =>
  `${members.map(({ id }) => id).join("")} ${
    shares.map(({ owner, epoch }) => `${owner ?? "-"}${epoch}`).join(" ")
  }`;

test("partitions of members that go, and those without an owner, are assigned under the next epoch", () => {
  const cases: [members: string, owners: string, gone: string[], joining: string, expected: string][] = [
    ["ab", "aabb", ["b"], "", "a a0 a1 a8 a8"],
    ["ab", "aabb", ["a"], "c", "bc c8 c8 b2 b3"],
    ["ab", "aab-", [], "", "ab a0 a1 b2 b8"],
    ["ab", "aabb", ["x"], "", "ab a0 a1 b2 b3"],
    // A member that joins takes nothing from others, who have to hand it over.
    ["a", "aa", [], "b", "ab a0 a1"],
    ["a", "aa", ["a"], "", " -8 -8"],
    // An owner that is not a member has nothing.
    ["a", "za", [], "", "a a8 a1"],
  ];
  for (const [members, owners, gone, joining, expected] of cases) {
    const next = withoutMembers(roster(members, owners), gone, joining === "" ? undefined : member(joining));
    assertEquals(textOf(next), expected, `${members} ${owners}`);
  }
});

test("a renewal is noted for its member alone, and once", () => {
  const before = roster("ab", "ab");
  const after = withRenewal(before, "b", 3)!;
  assertEquals(after.members.map(({ id, renewals }) => [id, renewals]), [["a", 0], ["b", 3]]);
  assertEquals(after.shares, before.shares);
  assertEquals(withRenewal({ ...after, epoch: 8 }, "b", 3), undefined);
  assertEquals(withRenewal(before, "c", 3), undefined);
  assertEquals(before.members[1]!.renewals, 0);
});

test("a roster is balanced if no partition has to move, or to find an owner", () => {
  const cases = [["ab", "aabb"], ["ab", "aaab"], ["ab", "aab-"], ["ab", "aabz"], ["", "--"], ["a", "aa"]];
  assertEquals(cases.map(([members, owners]) => isBalanced(roster(members!, owners!))), [
    true,
    false,
    false,
    false,
    true,
    true,
  ]);
});
