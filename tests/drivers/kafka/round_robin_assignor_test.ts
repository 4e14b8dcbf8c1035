import { assertEquals } from "@std/assert";
import { roundRobinAssignor } from "../../../src/drivers/kafka/round_robin_assignor.ts";
import { test } from "../../harness.ts";

type Members = Parameters<typeof roundRobinAssignor>[1];
type Metadata = Parameters<typeof roundRobinAssignor>[3];

function shares(members: Record<string, string[]>, topics: Record<string, number>): Record<string, unknown> {
  const shared = roundRobinAssignor(
    "",
    new Map(Object.entries(members).map(([memberId, topics]) => [memberId, { memberId, topics }])) as Members,
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

test("partitions are shared by turns, whatever the order of the members", () => {
  assertEquals(shares({ b: ["t"], a: ["t"], c: ["t"] }, { t: 5 }), {
    a: { t: [0, 3] },
    b: { t: [1, 4] },
    c: { t: [2] },
  });
});

test("who reads another topic gets none of this one, and all of its own", () => {
  assertEquals(shares({ a: ["t"], b: ["u"], c: ["t"] }, { t: 3, u: 2 }), {
    a: { t: [0, 2] },
    b: { u: [0, 1] },
    c: { t: [1] },
  });
});
