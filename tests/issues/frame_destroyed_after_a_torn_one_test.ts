// A writer was killed in the middle of a frame, another one's frame followed, and later a disk destroyed both records of
// that one. To a reader the two were one torn write, which holds no events: all later events came under ids that were too
// low, and the lost ones were not reported. Anchors of later frames know better. The simulation found it.
import { assertEquals } from "@std/assert";
import { encodeEvents } from "../../src/log/write/encoder.ts";
import { sealLast } from "../../src/log/mod.ts";
import { PartitionWriter } from "../../src/log/write/writer.ts";
import { KIND, RECORD_BYTES } from "../../src/log/format/bytes.ts";
import { emptyDisk } from "../damage/copies.ts";
import { CraftedSegment, noise, type Part, type Surroundings } from "../log/segment/crafted_segment.ts";
import { openSample, readSample } from "../damage/sample_partition.ts";
import { test } from "../harness.ts";

for (const isSealed of [false, true]) {
  const end = isSealed ? "before a seal" : "at the end of the log";
  test(`a frame that was destroyed after a torn one keeps its ids, ${end}`, async () => {
    const { disk, storage } = emptyDisk(["/p"]);
    const partition = openSample(storage, "/p");
    const writer = new PartitionWriter(partition, { flushBehavior: "buffered", segmentBytesMax: 1 << 20 });
    const push = (...metadata: string[]) => writer.append({ count: metadata.length, metadata, dataBytes: 0 });
    push('"first"');
    const { segment, id, offset } = partition.end()!;
    const torn = encodeEvents({ count: 1, metadata: [`"${"x".repeat(9000)}"`], dataBytes: 0 }, {
      ...{ salt: segment.salt, sequence: 1, nonceLow: 1, nonceHigh: 1, time: 1 },
      ...{ anchorId: id, anchorOffset: offset },
    });
    const file = storage.open(segment.path, "append");
    file.append(torn.slice(0, 100));
    file.close();
    assertEquals(push('"destroyed"', '"too"'), 1);
    const { offset: after } = partition.end()!;
    assertEquals([push('"second"'), push('"third"')], [3, 4]);
    if (isSealed) sealLast(partition);
    const inode = disk.names.file(segment.path);
    for (const record of [offset + 100, after - RECORD_BYTES]) inode.flip(record + 20, 3);

    const { events, damage } = readSample(openSample(storage, "/p"), false);
    assertEquals([...events.values()].map(({ id, metadata }) => [id, metadata]), [
      [0, '"first"'],
      [3, '"second"'],
      [4, '"third"'],
    ]);
    assertEquals(damage.map(({ firstId, endId }) => [firstId, endId]), [[1, 3]]);
    await writer.close();
  });
}

// A frame of another writer filled the size that the torn one claimed to the byte. A power cut took its header, its
// trailer stayed: the torn frame looked whole but for its trailer, and its events, which no one had stored, shifted the
// ids of all that came after. The simulation found it, seed 620.
test("a frame that was destroyed, and filled a torn one to the byte, keeps its ids", () => {
  const entries = (idAfter: number, later: number) =>
    new CraftedSegment([
      { count: 4, damaged: ["trailer"] },
      { count: 1 },
      { count: 1, anchor: [1 + later, idAfter + later] },
    ]).entries();
  for (const later of [0, 1]) {
    assertEquals(entries(0, later), ["0: torn, 0, up to 1", "1: id 0", "2: id 1", "3: tail 2"]);
    assertEquals(entries(2, later), ["0: lost 0 to 2, up to 1", "1: id 2", "2: id 3", "3: tail 4"]);
    // It was whole: only its trailer was destroyed.
    assertEquals(entries(4, later), ["0: trailer damaged, id 0", "1: id 4", "2: id 5", "3: tail 6"]);
  }
});

// The same after damage before it: what the frame without its trailer says to hold was counted among the ids between the
// damage and the next anchor, or the seal, so that whole frames before it were delivered under ids that were too low, and
// one that was never stored under ids of others. Nothing tells how many ids lie in it, unless all of its content is right.
const CUT: Part = { count: 4, damaged: ["head", "trailer"] };
const WHOLE: Part = { count: 4, damaged: ["trailer"] };

const AFTER_DAMAGE: [what: string, parts: Part[], around: Surroundings, entries: string[]][] = [
  // Two events were destroyed, one came after them, and five were in what filled the frame that was cut short.
  ["an anchor", [{ count: 1 }, noise(200), { count: 1 }, CUT, { count: 1, anchor: [4, 9] }], {}, [
    "0: id 0",
    "1: lost 1 to 9, up to 4",
    "4: id 9",
    "5: tail 10",
  ]],
  ["the seal", [{ count: 1 }, noise(200), { count: 1 }, CUT, { kind: KIND.seal }], {
    next: { id: 9, seal: [4, 0] },
  }, [
    "0: id 0",
    "1: lost 1 to 9, up to 4",
    "end 9",
  ]],
  ["the seal that was lost", [{ count: 1 }, noise(200), { count: 1 }, CUT, noise(128)], {
    next: { id: 9, seal: [4, 0] },
  }, ["0: id 0", "1: lost 1 to 9, up to 4", "end 9"]],
  ["the index", [{ count: 1 }, noise(200), { count: 1 }, CUT, { count: 1 }], { index: [[4, 9]] }, [
    "0: id 0",
    "1: lost 1 to 9, up to 4",
    "4: id 9",
    "5: tail 10",
  ]],
];

for (const [what, parts, around, entries] of AFTER_DAMAGE) {
  test(`no id is counted over a frame that may have been cut short after damage: what tells is ${what}`, () => {
    const crafted = new CraftedSegment(parts, around);
    assertEquals(crafted.entries(), entries);
    assertEquals(crafted.reopened(), entries);
  });

  test(`a frame whose content is right counts after damage, though its trailer is destroyed: what tells is ${what}`, () => {
    const crafted = new CraftedSegment(parts.map((part) => part === CUT ? WHOLE : part), around);
    assertEquals(crafted.entries().slice(1, 4), [
      "1: lost 1 to 4, up to 2",
      "2: id 4",
      "3: trailer damaged, id 5",
    ]);
  });
}

test("an anchor before the frame that may have been cut short gives the ids before it, one after it those after it", () => {
  const parts: Part[] = [{ count: 1 }, noise(200), { count: 1, anchor: [2, 3] }, CUT];
  const lost = ["0: id 0", "1: lost 1 to 3, up to 2", "2: id 3"];
  const entries = (id: number) => new CraftedSegment([...parts, { count: 1, anchor: [4, id] }]).entries();
  assertEquals(entries(9), [...lost, "3: lost 4 to 9, up to 4", "4: id 9", "5: tail 10"]);
  assertEquals(entries(5), [...lost, "3: lost 4 to 5, up to 4", "4: id 5", "5: tail 6"]);
  assertEquals(entries(4), [...lost, "3: torn, 4, up to 4", "4: id 4", "5: tail 5"]);
  assertEquals(entries(8), [...lost, "3: trailer damaged, id 4", "4: id 8", "5: tail 9"]);
});

test("after a torn write, ids that a frame cut short does not have are lost with it, and shift none before it", () => {
  const parts: Part[] = [{ count: 1 }, { count: 1, bytes: 80 }, { count: 1 }, CUT];
  const before = ["0: id 0", "1: torn, 1, up to 2", "2: id 1"];
  const entries = (id: number) => new CraftedSegment([...parts, { count: 1, anchor: [4, id] }]).entries();
  assertEquals(entries(2), [...before, "3: torn, 2, up to 4", "4: id 2", "5: tail 3"]);
  assertEquals(entries(6), [...before, "3: trailer damaged, id 2", "4: id 6", "5: tail 7"]);
  assertEquals(entries(9), [...before, "3: lost 2 to 9, up to 4", "4: id 9", "5: tail 10"]);
});
