// The window on one file's bytes: whatever is requested in whatever order, it returns what the file has.
import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { core } from "../../../src/log/format/core/core.ts";
import { readFully, ReadWindow, type WindowSource } from "../../../src/log/segment/window.ts";
import type { StorageFile } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";
import { keepWindow } from "../../simulation/shared_memory.ts";

/** A file whose bytes differ by their offsets; counts reads, and the bytes requested. */
class Source implements WindowSource {
  readonly file: StorageFile;
  readonly bytes: Uint8Array;
  reads: [offset: number, bytes: number][] = [];
  sizes = 0;

  constructor(size: number, seed: number, readonly atOnce = Infinity) {
    this.bytes = new Uint8Array(size).map((_, index) => (index * 31 + (index >> 8) * 7 + seed) & 0xff);
    const readAt = (into: Uint8Array, offset: number): number => {
      this.reads.push([offset, into.byteLength]);
      const part = this.bytes.subarray(offset, offset + Math.min(into.byteLength, this.atOnce));
      into.set(part);
      return part.byteLength;
    };
    const size_ = (): number => {
      this.sizes++;
      return this.bytes.byteLength;
    };
    this.file = { readAt, size: size_ } as Partial<StorageFile> as StorageFile;
  }

  /** The reads since the last call. */
  taken(): [offset: number, bytes: number][] {
    return this.reads.splice(0);
  }
}

/** What is in the core's memory at an address. */
function there(at: number, bytes: number): Uint8Array {
  return core.u8.slice(at, at + bytes);
}

test("readFully() reads until a read returns nothing", () => {
  for (const atOnce of [1, 7, 50, Infinity]) {
    const source = new Source(100, 1, atOnce);
    const into = new Uint8Array(60);
    assertEquals(readFully(source.file, into, 10), 60);
    assertEquals(into, source.bytes.slice(10, 70));
    assertEquals(readFully(source.file, into.fill(0), 70), 30);
    assertEquals(into.subarray(0, 30), source.bytes.slice(70));
    assertEquals(readFully(source.file, into, 100), 0);
  }
  const source = new Source(100, 1);
  readFully(source.file, new Uint8Array(60), 10);
  assertEquals(source.taken(), [[10, 60]]);
  assertEquals([readFully(source.file, new Uint8Array(0), 10), source.taken()], [0, []]);
});

test("bytes held by a window need no read", () => {
  const window = new ReadWindow();
  const source = new Source(1000, 1);
  const at = window.at(source, 100, 20, 300);
  assertEquals(there(at, 300), source.bytes.slice(100, 400));
  assertEquals(source.taken(), [[100, 300]]);
  assertEquals(window.loads, 1);
  for (const [offset, size] of [[100, 300], [399, 1], [150, 100]] as const) {
    assertEquals(window.at(source, offset, size, 500), at + offset - 100);
  }
  assertEquals([source.taken(), window.loads], [[], 1]);
  assertEquals([99, 100, 399, 400].map((offset) => window.held(source, offset)), [0, 300, 1, 0]);
  assertEquals(window.held(new Source(1000, 1), 150), 0);
});

test("a window reads only what it lacks", () => {
  const window = new ReadWindow();
  const source = new Source(1000, 1);
  for (
    const [offset, size, read] of [
      [99, 1, [99, 1]],
      [99, 400, [99, 400]],
      [100, 301, [400, 1]],
      [250, 500, [400, 350]],
      [399, 2, [400, 1]],
      [400, 1, [400, 1]],
      [700, 10, [700, 10]],
    ] as const
  ) {
    window.clear();
    window.at(source, 100, 300, 300);
    source.taken();
    const loads = window.loads;
    assertEquals(there(window.at(source, offset, size, 1), size), source.bytes.slice(offset, offset + size));
    assertEquals([source.taken(), window.loads], [[[...read]], loads + 1]);
    assertEquals([window.held(source, offset), window.held(source, offset - 1)], [size, 0]);
  }
  // At the end of the file, which grows meanwhile.
  const growing = new Source(1000, 1);
  const { bytes } = growing;
  Object.assign(growing, { bytes: bytes.slice(0, 320) });
  assertEquals([window.at(growing, 300, 50, 50), window.held(growing, 300)], [-1, 20]);
  Object.assign(growing, { bytes });
  assertEquals(there(window.at(growing, 310, 60, 60), 60), bytes.slice(310, 370));
  // Another file's bytes at the same offset are none of it.
  assertEquals(there(window.at(source, 340, 60, 60), 60), source.bytes.slice(340, 400));
});

test("a window ends with the file, and is not reused for another file", () => {
  const window = new ReadWindow();
  const [one, other] = [new Source(1000, 1), new Source(1000, 2)];
  assertEquals(window.at(one, 950, 51, 60), -1);
  assertEquals([window.held(one, 950), window.held(one, 999), window.held(one, 1000)], [50, 1, 0]);
  assertEquals(there(window.at(one, 950, 50, 60), 50), one.bytes.slice(950));
  assertEquals(there(window.at(other, 950, 50, 50), 50), other.bytes.slice(950));
  assertEquals([one.taken().length, other.taken().length], [2, 1]);
  window.clear();
  assertEquals(window.held(other, 950), 0);
  assertEquals(window.loads, 3);
});

test("a window allocates no memory beyond the end of the file", () => {
  const window = new ReadWindow();
  const source = new Source(3000, 1);
  const before = core.readAreaBytes;
  assertEquals(window.at(source, 100, 2 ** 31, 10), -1);
  assertEquals([core.readAreaBytes, source.sizes], [before, 1]);
  assertEquals(source.taken()[0], [100, before]);
  const large = new Source(before + 5000, 3);
  const at = window.at(large, 1000, before + 1, before + 1);
  assertEquals(there(at, before + 1), large.bytes.slice(1000, 1000 + before + 1));
  window.clear();
});

test("a failed read empties the window", () => {
  const window = new ReadWindow();
  const source = new Source(100, 1);
  window.at(source, 0, 50, 50);
  const { readAt } = source.file;
  source.file.readAt = () => {
    throw new Error("cannot read");
  };
  try {
    window.at(source, 60, 10, 10);
  } catch (error) {
    assertEquals((error as Error).message, "cannot read");
  }
  assertEquals(window.held(source, 0), 0);
  source.file.readAt = readAt;
  assertEquals(there(window.at(source, 0, 50, 50), 50), source.bytes.slice(0, 50));
});

test("a peek keeps the window, and its bytes need no other read", () => {
  const window = new ReadWindow();
  const source = new Source(1000, 1);
  window.at(source, 0, 100, 100);
  source.taken();
  const to = core.slot;
  assertEquals(window.peek(source, 300, 200, to), true);
  assertEquals(there(to, 64), source.bytes.slice(300, 364));
  assertEquals(source.taken(), [[300, 264]]);
  assertEquals(window.held(source, 0), 100);
  // The head of the next frame, which its reader requests next. Who has seen the window knows that it has changed.
  const { loads } = window;
  assertEquals(there(window.at(source, 364, 64, 4096), 200), source.bytes.slice(364, 564));
  assertEquals(window.loads, loads + 1);
  assertEquals([source.taken(), window.held(source, 364), window.held(source, 0)], [[], 200, 0]);
  // From its first byte to its last, and no further.
  for (
    const [offset, size, reads] of [[300, 264, 0], [299, 10, 1], [300, 265, 1], [563, 1, 0], [
      564,
      1,
      1,
    ]] as const
  ) {
    window.at(source, 900, 10, 10);
    source.taken();
    assertEquals(there(window.at(source, offset, size, 1), size), source.bytes.slice(offset, offset + size));
    assertEquals(source.taken().length, reads, `${offset}`);
  }
});

test("peeks of one size and of others, cut short by the end of the file, are followed by what it has", () => {
  const window = new ReadWindow();
  const source = new Source(1000, 1);
  for (const [offset, ahead] of [[100, 200], [400, 200], [800, 200], [700, 10], [0, 936]] as const) {
    window.peek(source, offset, ahead, core.slot);
    assertEquals(there(core.slot, 64), source.bytes.slice(offset, offset + 64));
    source.taken();
    const end = Math.min(offset + 64 + ahead, 1000);
    for (const from of [offset + 64, offset + 70, offset]) {
      assertEquals(there(window.at(source, from, 4, 4), end - from), source.bytes.slice(from, end));
      assertEquals(window.held(source, from), end - from);
      window.at(new Source(10, 1), 0, 1, 1);
    }
    assertEquals(source.taken(), []);
  }
});

test("a peek reports the end of a file", () => {
  const window = new ReadWindow();
  const source = new Source(1000, 1);
  core.u8.fill(0, core.slot, core.slot + 64);
  assertEquals(window.peek(source, 937, 0, core.slot), false);
  assertEquals(there(core.slot, 64), new Uint8Array(64));
  assertEquals(window.peek(source, 936, 100, core.slot), true);
  assertEquals(there(core.slot, 64), source.bytes.slice(936));
});

test("a peek reads ahead up to 16 KiB, and not at all beyond", () => {
  const window = new ReadWindow();
  const source = new Source(100_000, 1);
  for (const [ahead, bytes] of [[16_320, 16_384], [16_321, 64], [100_000, 64]] as const) {
    window.peek(source, 10, ahead, core.slot);
    assertEquals(source.taken(), [[10, bytes]]);
  }
});

test("read-ahead is kept for the eight files read last, until they are closed", () => {
  const window = new ReadWindow();
  const sources = Array.from({ length: 9 }, (_, index) => new Source(1000, index));
  const peek = (index: number) => window.peek(sources[index]!, 100, 100, core.slot);
  /** Which of them need no read for what comes after the peek. */
  const known = () =>
    sources.map((source, index) => {
      source.taken();
      assertEquals(there(window.at(source, 164, 100, 1), 100), source.bytes.slice(164, 264), `${index}`);
      return source.taken().length === 0;
    });
  for (let index = 0; index < 8; index++) peek(index);
  assertEquals(known(), [...new Array(8).fill(true), false]);
  peek(0);
  peek(8);
  assertEquals(known(), [true, false, ...new Array(7).fill(true)]);
  window.closed(sources[3]!);
  window.closed(sources[1]!);
  assertEquals(known()[3], false);
  peek(1);
  assertEquals(known().filter((each) => each).length, 8);
  window.clear();
  assertEquals(known(), new Array(9).fill(false));
});

test("a file that is closed and opened again is read again, whichever of the files was read longest ago", () => {
  for (const closed of [0, 1, 2]) {
    const window = new ReadWindow();
    const sources = [0, 1, 2].map((seed) => new Source(1000, seed));
    for (const source of sources) window.peek(source, 100, 100, core.slot);
    const source = sources[closed]!;
    window.closed(source);
    source.bytes.fill(7);
    assertEquals(there(window.at(source, 164, 100, 1), 100), new Uint8Array(100).fill(7));
  }
});

test("a read of more than the memory for reads makes that larger", () => {
  const window = new ReadWindow();
  const bytes = core.readAreaBytes + 1000;
  const source = new Source(bytes + 10, 1);
  const at = window.at(source, 5, bytes, 0);
  assertEquals(core.readAreaBytes >= bytes, true);
  for (const offset of [0, 1000, bytes - 1000]) {
    assertEquals(there(at + offset, 1000), source.bytes.slice(5 + offset, 1005 + offset));
  }
});

test("a file whose read failed has no read-ahead", () => {
  const window = new ReadWindow();
  const source = new Source(1000, 1);
  window.peek(source, 100, 100, core.slot);
  const { readAt } = source.file;
  source.file.readAt = () => {
    throw new Error("cannot read");
  };
  try {
    window.peek(source, 500, 100, core.slot);
  } catch (error) {
    assertEquals((error as Error).message, "cannot read");
  }
  source.file.readAt = readAt;
  source.taken();
  window.at(source, 164, 50, 50);
  assertEquals(source.taken().length, 1);
});

test("what is larger than the window gets the room that it needs, as far as the file has it", () => {
  const window = new ReadWindow();
  const before = core.readAreaBytes;
  const source = new Source(before + 100_000, 1);
  window.at(source, 0, 1, before);
  assertEquals(core.readAreaBytes, before);
  assertEquals(window.at(source, 90_000, before + 20_000, 0), -1);
  const at = window.at(source, 10, before + 99_990, 0);
  assertEquals(there(at, before + 99_990), source.bytes.slice(10));
  assertEquals(core.readAreaBytes >= before + 99_990, true);
  assertEquals(window.heldAt(source, 10, before + 99_990), at);
  assertEquals(window.heldAt(source, 10, before + 99_991), -1);
});

test("what is kept of a window while another process runs is put back", () => {
  const window = new ReadWindow();
  const [source, other] = [new Source(1000, 1), new Source(1000, 2)];
  window.peek(source, 500, 100, core.slot);
  const at = window.at(source, 100, 200, 200);
  const loads = window.loads;
  const putBack = keepWindow(window, new Uint8Array(200));
  window.at(other, 0, 300, 300);
  window.peek(other, 500, 100, core.slot);
  putBack();
  source.taken();
  other.taken();
  assertEquals(window.at(source, 100, 200, 200), at);
  assertEquals(there(at, 200), source.bytes.slice(100, 300));
  assertEquals(window.loads > loads + 1, true);
  assertEquals(window.held(other, 0), 0);
  assertEquals(there(window.at(source, 564, 100, 1), 100), source.bytes.slice(564, 664));
  assertEquals(source.taken(), []);
  window.at(other, 564, 100, 1);
  assertEquals(other.taken().length, 1);
});

// A reader that had it open called an event of more than a megabyte damaged, just after retention had removed it.
test("all of a large range is read from a file that was removed while it is open", () => {
  const window = new ReadWindow();
  // Beyond the memory for reads, which other tests may have made as large as a frame can be.
  const source = new Source(Math.min(core.readAreaBytes + 1000, Math.max(core.readAreaBytes, 2 ** 26)), 3);
  source.file.size = () => -1;
  const size = source.bytes.byteLength - 10;
  const at = window.at(source, 10, size, size);
  assertEquals(at >= 0, true);
  assertEquals(Buffer.compare(there(at, size), source.bytes.slice(10)), 0);
  assertEquals(window.at(source, 10, size + 1, size + 1), -1);
});
