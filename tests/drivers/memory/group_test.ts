// Which members of a group in memory get which partitions, and when.
import { assertEquals } from "@std/assert";
import process from "node:process";
import { MemoryGroup, type MemoryMember } from "../../../src/drivers/memory/group.ts";
import { test } from "../../harness.ts";
import { until } from "../../waiting.ts";

/** Records what the group requests from it. */
class NotingMember implements MemoryMember {
  /** Whether nothing of a partition that another member should get is in progress. */
  mayLeave = true;

  constructor(readonly id: string, private readonly notes: string[]) {}

  assign(partition: number): void {
    this.notes.push(`${this.id} enters ${partition}`);
  }

  tryRevoke(partition: number): boolean {
    this.notes.push(`${this.id} is to leave ${partition}`);
    return this.mayLeave;
  }

  keep(partition: number): void {
    this.notes.push(`${this.id} stays in ${partition}`);
  }

  revoke(partition: number): void {
    this.notes.push(`${this.id} loses ${partition}`);
  }
}

/** The partitions of each member. */
const sharesOf = (group: MemoryGroup) =>
  Object.fromEntries(group.members.map(({ id, partitions }) => [id, partitions]));

test("the first member of a group in memory gets every partition, the second one half", () => {
  const notes: string[] = [];
  const group = new MemoryGroup(3);
  const [a, b] = ["a", "b"].map((id) => new NotingMember(id, notes));
  assertEquals(group.isEmpty, true);
  group.join(a!);
  assertEquals(group.isEmpty, false);
  assertEquals(notes.splice(0), ["a enters 0", "a enters 1", "a enters 2"]);
  group.join(b!);
  assertEquals(notes.splice(0), [
    "a stays in 0",
    "a stays in 1",
    "a is to leave 2",
    "a loses 2",
    "b enters 2",
  ]);
  assertEquals(group.members, [
    { id: "a", host: "", pid: process.pid, partitions: [0, 1] },
    { id: "b", host: "", pid: process.pid, partitions: [2] },
  ]);
  assertEquals([group.owns(a!, 1), group.owns(a!, 2), group.owns(b!, 2)], [true, false, true]);
});

test("a member of a group in memory that goes loses what it has, and others get it", () => {
  const notes: string[] = [];
  const group = new MemoryGroup(2);
  const [a, b, stranger] = ["a", "b", "c"].map((id) => new NotingMember(id, notes));
  group.join(a!);
  group.join(b!);
  notes.length = 0;
  group.remove(stranger!);
  assertEquals(notes.splice(0), ["a stays in 0", "b stays in 1"]);
  assertEquals(sharesOf(group), { a: [0], b: [1] });
  group.remove(a!);
  assertEquals(notes.splice(0), ["a loses 0", "b enters 0", "b stays in 1"]);
  assertEquals(sharesOf(group), { b: [0, 1] });
  group.remove(b!);
  assertEquals(notes.splice(0), ["b loses 0", "b loses 1"]);
  assertEquals([group.isEmpty, group.owns(b!, 0)], [true, false]);
});

test("a partition in memory whose events are under way goes to the next member when they are done", async () => {
  const notes: string[] = [];
  const group = new MemoryGroup(2);
  const [a, b] = ["a", "b"].map((id) => new NotingMember(id, notes));
  group.join(a!);
  a!.mayLeave = false;
  notes.length = 0;
  group.join(b!);
  assertEquals(notes.splice(0), ["a stays in 0", "a is to leave 1"]);
  assertEquals(sharesOf(group), { a: [0, 1], b: [] });
  // The group checks again by itself, for as long as it takes.
  await until("the group looked three times", () => notes.length >= 6);
  assertEquals(sharesOf(group), { a: [0, 1], b: [] });
  a!.mayLeave = true;
  await until("the partition went over", () => sharesOf(group).b!.length > 0);
  assertEquals(notes.slice(-4), ["a stays in 0", "a is to leave 1", "a loses 1", "b enters 1"]);
  assertEquals(sharesOf(group), { a: [0], b: [1] });
});

test("a partition in memory that is not wanted elsewhere any more stays", () => {
  const notes: string[] = [];
  const group = new MemoryGroup(2);
  const [a, b] = ["a", "b"].map((id) => new NotingMember(id, notes));
  group.join(a!);
  a!.mayLeave = false;
  group.join(b!);
  notes.length = 0;
  group.remove(b!);
  assertEquals(notes.splice(0), ["a stays in 0", "a stays in 1"]);
  assertEquals(sharesOf(group), { a: [0, 1] });
});
