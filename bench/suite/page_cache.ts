import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Shape } from "../../src/ctl/bench/workload.ts";

/** As large as the writes of the library: for smaller ones the system takes memory in other pieces. */
const WRITE_BYTES = 4 * 1024 * 1024;
/** More than the frames, their index, and the events that code is compiled with. */
const EXTRA_BYTES = 128 * 1024 * 1024;

/**
 * Has the system provide the memory that files with this workload take, by writing as much and removing it. In a virtual
 * machine whose host takes free memory back, a page that the host has to provide again costs as much as writing ten, with
 * or without a log: a measurement that writes new files would pay for that, and one that writes a file again would not.
 */
export function providePageCache(folder: string, { events, dataBytes, metadataBytes }: Shape): void {
  const path = join(folder, "page-cache");
  const block = new Uint8Array(WRITE_BYTES);
  const file = openSync(path, "w");
  try {
    for (let left = events * (dataBytes + metadataBytes) + EXTRA_BYTES; left > 0; left -= WRITE_BYTES) {
      writeSync(file, block);
    }
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
