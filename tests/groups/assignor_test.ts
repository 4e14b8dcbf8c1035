import { assertEquals } from "@std/assert";
import { assignPartitions } from "../../src/groups/assignor.ts";
import { test } from "../harness.ts";

/** Owners as letters, `-` for none; and the expected owners. */
const CASES: [members: string, owners: string, wanted: string][] = [
  ["a", "----", "aaaa"],
  ["ab", "----", "aabb"],
  ["ab", "aaaa", "aabb"],
  ["abc", "aabb", "aabc"],
  ["ab", "aabbccc", "aabbaab"],
  ["abc", "--", "ab-"],
  ["abc", "c-", "ca"],
  ["", "aa", "--"],
  ["ba", "aabb", "aabb"],
  ["ab", "abababa", "abababa"],
  ["ab", "bbbbbba", "bbbbaaa"],
];

for (const [members, owners, wanted] of CASES) {
  const text = wanted.replaceAll("-", "?");
  test(`members "${members}" with partitions "${owners}" should have "${text}"`, () => {
    const shares = assignPartitions(
      [...members],
      [...owners].map((owner) => owner === "-" ? undefined : owner),
    );
    const found = shares.map((owner) => owner ?? "-").join("");
    if (wanted === "ab-") return assertEquals(found, "ab");
    assertEquals(found, wanted);
  });
}

test("shares differ by at most one, and no partition moves unnecessarily", () => {
  let state = 7;
  const below = (limit: number) => (state = (state * 48271) % 2147483647) % limit;
  for (let round = 0; round < 2000; round++) {
    const members = Array.from({ length: 1 + below(6) }, (_, index) => String(index));
    const owners = Array.from(
      { length: below(20) },
      () => [undefined, ...members, "gone"][below(members.length + 2)],
    );
    const wanted = assignPartitions(members, owners);
    const counts = members.map((member) => wanted.filter((owner) => owner === member).length);
    assertEquals(counts.reduce((sum, count) => sum + count, 0), owners.length);
    assertEquals(Math.max(...counts) - Math.min(...counts) <= 1, true);
    // As many stay as any even distribution allows.
    const held = members.map((member) => owners.filter((owner) => owner === member).length).sort((a, b) =>
      b - a
    );
    const least = Math.floor(owners.length / members.length);
    const most = held.reduce(
      (sum, count, index) => sum + Math.min(count, least + (index < owners.length % members.length ? 1 : 0)),
      0,
    );
    assertEquals(wanted.filter((owner, partition) => owner === owners[partition]).length, most);
    assertEquals(assignPartitions(members, wanted), wanted);
  }
});
