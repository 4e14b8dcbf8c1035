// Which of the segments in a folder are another topic's, by what each header says of the segment before it. A table: each
// segment is written as its topic, a letter, and its first id, and after "<" the segment that its header names.
import { assertEquals, assertThrows } from "@std/assert";
import { StorageError, TopicDeletedError } from "../../../src/errors.ts";
import { encodeTombstoneSegment } from "../../../src/log/check/tombstone.ts";
import { encodeSegmentHeader } from "../../../src/log/format/segment_header.ts";
import { PartitionFolder } from "../../../src/log/segment/directory.ts";
import { segmentName } from "../../../src/log/segment/segment_file.ts";
import { Inode } from "../../simulation/disk/inode.ts";
import { SimulatedDisk } from "../../simulation/disk/disk.ts";
import { SimulatedProcess } from "../../simulation/disk/process.ts";
import { test } from "../../harness.ts";

const DIRECTORY = "/log";
const PARTITION = 3;

function pathOf(baseId: number): string {
  return `${DIRECTORY}/${segmentName(baseId)}`;
}

/** The same topic and id always have the same salt, and no others have it. */
function named(text: string): { baseId: number; salt: number; sealOffset: number } {
  const baseId = Number(text.slice(1));
  return { baseId, salt: 1000 * text.charCodeAt(0) + baseId, sealOffset: 64 };
}

/**
 * The bytes of a segment. One that begins with "+" was made by a repair, with "-" was written for another partition, with
 * "=" for another first id, and with "!" has a damaged header.
 */
function bytesOf(text: string): { baseId: number; bytes: Uint8Array } {
  const [, mark, own, before] = /^([+!=-]?)(\w+)(?:<(\w+))?$/.exec(text)!;
  const { baseId, salt } = named(own!);
  const partition = mark === "-" ? PARTITION + 1 : PARTITION;
  const header = {
    partition,
    salt,
    baseId: mark === "=" ? baseId + 1 : baseId,
    created: 5,
    after: before === undefined ? undefined : named(before),
  };
  const writer = { salt, sequence: 0, nonceLow: 1, nonceHigh: 2, time: 5 };
  const bytes = mark === "+"
    ? encodeTombstoneSegment(header, baseId + 10, writer)
    : encodeSegmentHeader(header);
  if (mark === "!") bytes[20]! ^= 1;
  return { baseId, bytes };
}

/** A folder with these segments. */
function folderOf(segments: string): { storage: SimulatedProcess; folder: PartitionFolder; ids: number[] } {
  const storage = new SimulatedProcess(new SimulatedDisk(1));
  storage.makeDirectory(DIRECTORY);
  const ids = segments.split(" ").map((text) => {
    const { baseId, bytes } = bytesOf(text);
    storage.disk.names.link(pathOf(baseId), new Inode());
    storage.disk.names.file(pathOf(baseId)).append(bytes);
    // Something follows the header: an empty first segment is another matter.
    if (bytes.byteLength === 64) storage.disk.names.file(pathOf(baseId)).append(new Uint8Array(100));
    return baseId;
  });
  const folder = new PartitionFolder({ storage, directory: DIRECTORY, topic: "t", partition: PARTITION });
  return { storage, folder, ids };
}

/** The segments that are said to be of another topic. */
function strangers(folder: PartitionFolder, ids: readonly number[]): number[] {
  assertEquals(folder.segmentIds(), ids);
  return ids.filter((id) => {
    const { headerDamage, isUnreadable } = folder.segment(id);
    const isStranger = headerDamage?.includes("it is of another topic") === true;
    return isStranger && isUnreadable;
  });
}

const CASES: [what: string, segments: string, strangers: number[]][] = [
  ["a whole log has none", "A0 A10<A0 A20<A10 A30<A20", []],
  ["the first one of three", "B0 A10<A0 A20<A10", [0]],
  ["the one in the middle of three", "A0 B10<B0 A20<A10", [10]],
  ["the last one of three", "A0 A10<A0 B20<B10", [20]],
  ["the one that fits neither of those before it", "A0 B10<A0 A20<A10", [20]],
  ["two in a row", "A0 B10<B0 C20<C10 A30<A20", [10, 20]],
  ["of two that do not belong together both", "A0 B10<B0", [0, 10]],
  ["of two halves none: each segment fits one beside it", "A0 A10<A0 B20<B10 B30<B20", []],
  ["one where there was none when the next was begun", "A0 A5<A0 A10<A0", [10]],
  ["headers that name none accuse none", "A0 B10 A20", []],
  ["a header that names one that is missing accuses none", "B0 A20<A10 A30<A20", []],
  ["one after a segment with a damaged header", "!A0 B10<B0 A20<A10 A30<A20", [10]],
  ["one before a segment with a damaged header, and the one before that", "A0 B10<B0 !A20<A10", [0, 10]],
  ["the next one, where the header before is damaged", "!A0 A10<A0 B20<B10 A30<A20", [20]],
  ["the one before, where the next header is damaged", "A0 B10<B0 A20<A10 !A30<A20 A40<A30", [10]],
  ["one that a repair made after another salt is not accused, nor does it accuse", "A0 +C10<B0 A20<C10", []],
  ["one that follows what a repair made with another salt is not accused", "A0 +C10<A0 A20<A10", []],
  ["a first one that a repair made is not accused", "+C0 A10<A0", []],
  ["a file of another partition accuses none beside it", "A0 -B10<B0", []],
  ["a file that was renamed accuses none beside it", "A0 =B10<B0", []],
];

for (const [what, segments, expected] of CASES) {
  test(`segments of another topic: ${what}`, () => {
    const { folder, ids } = folderOf(segments);
    assertEquals(strangers(folder, ids), expected);
    folder.close();
  });
}

test("a segment that was begun since the folder was listed is none of another topic", () => {
  const { folder, ids, storage } = folderOf("A10<A0 A20<A10");
  assertEquals(folder.segmentIds(), ids);
  storage.disk.names.link(pathOf(30), new Inode());
  storage.disk.names.file(pathOf(30)).append(bytesOf("A30<A20").bytes);
  assertEquals(folder.segment(30).headerDamage, undefined);
  folder.close();
});

test("a segment beside one that cannot be opened is not accused, unless the topic was deleted meanwhile", () => {
  // The header of each is read first, and then whether a repair made it.
  for (const opensMax of [0, 1]) {
    const { folder, storage } = folderOf("A0 B10<B0");
    folder.segmentIds();
    const open = storage.open.bind(storage);
    let [opened, error] = [0, new StorageError("EACCES", "cannot open") as Error];
    storage.open = (path, mode) => {
      if (path === pathOf(10) && ++opened > opensMax) throw error;
      return open(path, mode);
    };
    assertEquals(folder.segment(0).isUnreadable, false);
    folder.segments.release(0);
    [opened, error] = [0, new TopicDeletedError("t")];
    assertThrows(() => folder.segment(0), TopicDeletedError);
    folder.close();
  }
});

test("files that are opened to compare segments are closed", () => {
  const { folder, ids, storage } = folderOf("A0 B10<B0 A20<A10");
  const open = storage.open.bind(storage);
  let count = 0;
  storage.open = (path, mode) => {
    const file = open(path, mode);
    const close = file.close.bind(file);
    count++;
    file.close = () => {
      count--;
      close();
    };
    return file;
  };
  strangers(folder, ids);
  folder.close();
  assertEquals(count, 0);
});
