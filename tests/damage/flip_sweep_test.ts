// Every byte of a small store is flipped in turn, and a sample of a larger one. DIASPORA_SWEEP=all flips every bit of
// the small one and many more bytes of the large one.
import { assert, assertEquals, assertGreater } from "@std/assert";
import process from "node:process";
import { SimulatedProcess } from "../simulation/disk/process.ts";
import { test } from "../harness.ts";
import { randomNumbers } from "../wasm/reference.ts";
import { diskWith, emptyDisk, filesOf } from "./copies.ts";
import { Sweep } from "./flip.ts";
import { DIRECTORY, makeSample, POSITION, type SampleSize } from "./sample_partition.ts";

const FOLDERS = ["/sample", "/sample/partitions", DIRECTORY];
const PLACES = { directory: DIRECTORY, position: POSITION };

const SMALL: SampleSize = { rounds: 10, segmentBytesMax: 3800, chunkBytes: 1200, dataBytesMax: 2500 };
/** Several blocks in frames and chunks, and a handmade index. */
const LARGE: SampleSize = {
  rounds: 12,
  segmentBytesMax: 300_000,
  chunkBytes: 150_000,
  dataBytesMax: 330_000,
};

const isThorough = process.env.DIASPORA_SWEEP === "all";

/** The runtime does not change what a flipped byte means: Deno tries every one, the others one in five. */
const STEP = "Deno" in globalThis || isThorough ? 1 : 5;

async function makeStore(size: SampleSize) {
  const { disk, storage } = emptyDisk(FOLDERS);
  const expected = await makeSample(storage, size);
  return { files: filesOf(disk), expected };
}

/** Flips one bit, checks everything, and flips it back. */
async function flip(
  { disk, sweep }: { disk: ReturnType<typeof emptyDisk>["disk"]; sweep: Sweep },
  path: string,
  offset: number,
  bit: number,
): Promise<boolean> {
  const inode = disk.names.file(path);
  disk.calls = 0;
  inode.flip(offset, bit);
  try {
    return await sweep.check(path, offset);
  } catch (error) {
    throw new Error(`Bit ${bit} of byte ${offset} of "${path}": ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    inode.flip(offset, bit);
  }
}

test("the small sample has everything the format has", async () => {
  const { files, expected } = await makeStore(SMALL);
  const { storage } = diskWith(FOLDERS, files);
  const features = Sweep.featuresOf(storage, PLACES);
  assertEquals([...features].sort(), [
    "bytes",
    "chunk",
    "data",
    "data in an older segment",
    "discarded frame",
    "extents",
    "index",
    "position",
    "seal",
    "text",
    "torn head",
    "torn header",
    "torn trailer",
  ]);
  assertGreater(expected.size, 20);
});

test("whichever byte of a store is flipped, verify reports it, and every other event is read", async () => {
  const { files, expected } = await makeStore(SMALL);
  const { disk } = diskWith(FOLDERS, files);
  const sweep = await Sweep.over(() => new SimulatedProcess(disk), PLACES, expected);
  let [mattered, harmless] = [0, 0];
  for (const [path, { length }] of files) {
    for (let offset = 0; offset < length; offset += STEP) {
      for (const bit of isThorough ? [0, 1, 2, 3, 4, 5, 6, 7] : [(offset * 5) % 8]) {
        if (await flip({ disk, sweep }, path, offset, bit)) mattered++;
        else harmless++;
      }
    }
  }
  assertGreater(mattered, 15_000 / STEP);
  assert(
    harmless < mattered / 8,
    `${harmless} of ${mattered + harmless} bytes are said to stand for nothing`,
  );
});

test("flipping sampled bytes of a store with data of many blocks is reported as well", async () => {
  const { files, expected } = await makeStore(LARGE);
  const { disk } = diskWith(FOLDERS, files);
  const sweep = await Sweep.over(() => new SimulatedProcess(disk), PLACES, expected);
  const random = randomNumbers(7);
  const paths = [...files.keys()].filter((path) => files.get(path)!.length > 0);
  for (let count = isThorough ? 20_000 : 250 / STEP; count > 0; count--) {
    const path = paths[random(paths.length)];
    await flip({ disk, sweep }, path, random(files.get(path)!.length), random(8));
  }
});
