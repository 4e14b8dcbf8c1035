import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { encodeOwned, stickyAssignor } from "../../../../src/drivers/kafka/client/sticky_assignor.ts";
import { test } from "../../../harness.ts";
import { Random } from "../../../simulation/disk/random.ts";

type Members = Parameters<typeof stickyAssignor>[1];
type Metadata = Parameters<typeof stickyAssignor>[3];
/** Partitions by topic. */
type Share = Record<string, number[]>;

/** The result for members that subscribe to these topics and report these partitions as their own. */
function shares(
  members: Record<string, string[]>,
  topics: Record<string, number>,
  said: Record<string, Buffer> = {},
): Record<string, Share> {
  const shared = stickyAssignor(
    "",
    new Map(
      Object.entries(members).map(([memberId, topics]) => [
        memberId,
        { memberId, topics, metadata: said[memberId] ?? Buffer.alloc(0) },
      ]),
    ) as unknown as Members,
    new Set(),
    {
      topics: new Map(Object.entries(topics).map(([name, partitionsCount]) => [name, { partitionsCount }])),
    } as unknown as Metadata,
  );
  return Object.fromEntries(shared.map(({ memberId, assignments }) => [
    memberId,
    Object.fromEntries([...assignments].map(([topic, { partitions }]) => [topic, partitions])),
  ]));
}

/** A member's metadata. */
function had(generation: number, share: Share): Buffer {
  return encodeOwned(
    generation,
    Object.entries(share).map(([topic, partitions]) => ({ topic, partitions })),
  );
}

test("partitions are shared equally, whatever the order of the members", () => {
  assertEquals(shares({ b: ["t"], a: ["t"], c: ["t"] }, { t: 5 }), {
    a: { t: [0, 1] },
    b: { t: [2, 3] },
    c: { t: [4] },
  });
});

test("a member of another topic gets no partition of this one, and all of its own", () => {
  assertEquals(shares({ a: ["t"], b: ["u"], c: ["t"] }, { t: 3, u: 2 }), {
    a: { t: [0, 1] },
    b: { u: [0, 1] },
    c: { t: [2] },
  });
});

test("a member with fewer partitions of one topic gets more of the next", () => {
  assertEquals(shares({ a: ["t", "u"], b: ["t", "u"] }, { t: 3, u: 3 }), {
    a: { t: [0, 1], u: [2] },
    b: { t: [2], u: [0, 1] },
  });
});

test("of two claims to a partition the later one counts, and malformed claims are ignored", () => {
  const members = { a: ["t"], b: ["t"], c: ["t"], d: ["t"] };
  const said = {
    a: had(3, { t: [0, 1] }),
    b: had(4, { t: [1, 2, 9] }),
    c: Buffer.from([0, 1, 2, 3]),
    d: Buffer.from('{"generation":1,"topics":{"t":7}}'),
  };
  assertEquals(shares(members, { t: 4 }, said), {
    a: { t: [0] },
    b: { t: [1] },
    c: { t: [2] },
    d: { t: [3] },
  });
});

test("when members join and leave, shares differ by at most one, and no partition moves unnecessarily", () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = new Random(seed);
    const count = random.below(24);
    let held = new Map<string, number[]>();
    let names = 0;
    for (let generation = 1; generation <= 20; generation++) {
      if (held.size === 0 || random.chance(0.6)) held.set(`m${random.below(100)}-${names++}`, []);
      if (held.size > 1 && random.chance(0.5)) held.delete(random.pick([...held.keys()]));
      const shared = shares(
        Object.fromEntries([...held.keys()].map((id) => [id, ["t"]])),
        { t: count },
        Object.fromEntries([...held].map(([id, t]) => [id, had(generation, { t })])),
      );
      const next = new Map(Object.entries(shared).map(([id, { t }]) => [id, t ?? []]));
      const sizes = [...next.values()].map(({ length }) => length);
      assert(Math.max(...sizes) - Math.min(...sizes) <= 1, `seed ${seed}: ${sizes}`);
      assertEquals([...next.values()].flat().sort((one, other) => one - other), [...Array(count).keys()]);
      // Those with the most can keep one more than the others.
      const least = Math.floor(count / held.size);
      const canStay = [...held.values()].map(({ length }) => length).sort((one, other) => other - one)
        .reduce((sum, had, index) => sum + Math.min(had, least + (index < count % held.size ? 1 : 0)), 0);
      const stayed = [...held].reduce(
        (sum, [id, before]) => sum + before.filter((partition) => next.get(id)!.includes(partition)).length,
        0,
      );
      assertEquals(stayed, canStay, `seed ${seed}, change ${generation}`);
      held = next;
    }
  }
});
