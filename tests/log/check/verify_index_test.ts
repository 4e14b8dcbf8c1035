// The check of an index, by itself: how much of a file is taken for one.
import { assertEquals } from "@std/assert";
import { IndexCheck } from "../../../src/log/check/verify_index.ts";
import { INDEX_ENTRY_BYTES } from "../../../src/log/format/bytes.ts";
import { core } from "../../../src/log/format/core/core.ts";
import { INDEX_BYTES_MAX, indexPath } from "../../../src/log/segment/index.ts";
import { test } from "../../harness.ts";
import { CraftedSegment } from "../segment/crafted_segment.ts";

/** A segment whose index has its one entry again and again, in a file of this size. */
function withIndexOf(size: number): CraftedSegment {
  const crafted = new CraftedSegment([{ count: 2 }, { count: 3 }], { index: [[1, 2]] });
  const path = indexPath(crafted.segment);
  const entry = crafted.storage.readWhole(path)!;
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += INDEX_ENTRY_BYTES) bytes.set(entry.subarray(0, size - at), at);
  crafted.storage.replace(path, bytes);
  return crafted;
}

test("an index that is larger than what the core has room for so far is checked whole", () => {
  // Other tests of this process may have made it larger than an index can be.
  const size = Math.min(core.readAreaBytes, INDEX_BYTES_MAX / 2) + 2 * INDEX_ENTRY_BYTES;
  const { segment } = withIndexOf(size);
  const damage = new IndexCheck(segment).damage();
  assertEquals(damage.map(({ at }) => at).at(-1), size - INDEX_ENTRY_BYTES);
  // It has not been copied over what comes after that room.
  assertEquals(core.readAreaBytes >= size, true);
});

test("a file is an index up to 8 MiB, and longer ones are damaged from there on", () => {
  for (const more of [0, 1]) {
    const { segment } = withIndexOf(INDEX_BYTES_MAX + more);
    const last = new IndexCheck(segment).damage().at(-1)!;
    const reason = more === 0
      ? "an index entry refers to a frame that is not there"
      : "the index is longer than an index can be";
    assertEquals([last.at, last.reason], [INDEX_BYTES_MAX - (more === 0 ? INDEX_ENTRY_BYTES : 0), reason]);
  }
});
