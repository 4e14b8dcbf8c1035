/**
 * Who of the members of a group should have which partitions: a decision that every member comes to alike, whichever
 * takes it. The numbers of partitions differ by at most one, and as few as possible change hands.
 *
 * @module
 */

/**
 * The owner that each partition should have. `members` in the order in which they joined; `owners` as they are now,
 * undefined where no one has the partition, or a name that is not a member's.
 */
export function shareOut(
  members: readonly string[],
  owners: readonly (string | undefined)[],
): (string | undefined)[] {
  const held = new Map(members.map((member): [string, number[]] => [member, []]));
  owners.forEach((owner, partition) => held.get(owner ?? "")?.push(partition));
  // Who has more gets the larger shares, so that less moves; the sort keeps the order among equals.
  const byHeld = [...members].sort((one, other) => held.get(other)!.length - held.get(one)!.length);
  const least = Math.floor(owners.length / Math.max(1, members.length));
  const larger = owners.length - least * members.length;
  const wanted: (string | undefined)[] = owners.map(() => undefined);
  const room = byHeld.map((member, index) => {
    const share = least + (index < larger ? 1 : 0);
    for (const partition of held.get(member)!.slice(0, share)) wanted[partition] = member;
    return { member, left: Math.max(0, share - held.get(member)!.length) };
  });
  for (let partition = 0; partition < wanted.length; partition++) {
    if (wanted[partition] !== undefined) continue;
    const taker = room.find(({ left }) => left > 0);
    if (taker === undefined) break;
    taker.left--;
    wanted[partition] = taker.member;
  }
  return wanted;
}
