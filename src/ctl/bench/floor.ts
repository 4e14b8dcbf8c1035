/**
 * What the machine can do without any log: the same bytes through plain reads and writes of 1 MiB. Ratios to it,
 * taken in the same run, count; absolute figures drift.
 *
 * @module
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { DataPool, fillPseudoRandom, makeContent } from "./content.ts";
import { contentBytes } from "./produce.ts";
import { type Measured, Stopwatch } from "./stopwatch.ts";
import type { Shape } from "./workload.ts";

const BLOCK_BYTES = 1024 * 1024;
const HEADER_BYTES = 12;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** As many bytes as the events have, from one buffer, a block a write. */
export function measureRawWrite(path: string, shape: Shape): Measured {
  const bytes = contentBytes(shape, makeContent({ ...shape, events: Math.min(shape.events, 10_000) }).texts);
  const block = new Uint8Array(BLOCK_BYTES);
  fillPseudoRandom(block);
  const file = openSync(path, "w");
  const watch = new Stopwatch();
  for (let left = bytes; left > 0; left -= BLOCK_BYTES) {
    writeSync(file, left < BLOCK_BYTES ? block.subarray(0, left) : block);
  }
  const measured = watch.stop({ events: shape.events, bytes });
  closeSync(file);
  return measured;
}

/** A file read to its end, into one buffer. */
export function measureRawRead(path: string, shape: Shape): Measured {
  const block = new Uint8Array(BLOCK_BYTES).fill(1);
  const file = openSync(path, "r");
  const watch = new Stopwatch();
  let bytes = 0;
  for (;;) {
    const got = readSync(file, block, 0, BLOCK_BYTES, null);
    if (got === 0) break;
    bytes += got;
  }
  const measured = watch.stop({ events: shape.events, bytes });
  closeSync(file);
  return measured;
}

/** JSON text made of every object and written with the data: what a program without a log would do. */
export function measurePlainWrite(path: string, shape: Shape): Measured {
  const { objects, texts } = makeContent(shape);
  const pool = new DataPool(shape.dataBytes);
  const batch = batchEvents(shape);
  const block = new Uint8Array(HEADER_BYTES + batch * (shape.metadataBytes * 2 + 64 + shape.dataBytes));
  fillPseudoRandom(block);
  const bytes = contentBytes(shape, texts);
  const file = openSync(path, "w");
  const watch = new Stopwatch();
  for (let index = 0; index < shape.events; index += batch) {
    const count = Math.min(batch, shape.events - index);
    const lines: string[] = [];
    for (let at = 0; at < count; at++) lines.push(JSON.stringify(objects[(index + at) % objects.length]));
    const { written } = encoder.encodeInto(lines.join("\n"), block.subarray(HEADER_BYTES));
    let end = HEADER_BYTES + written;
    if (shape.dataBytes > 0) {
      for (let at = 0; at < count; at++) {
        block.set(pool.next()!, end);
        end += shape.dataBytes;
      }
    }
    new Uint32Array(block.buffer, 0, 3).set([count, written, end - HEADER_BYTES - written]);
    writeSync(file, block.subarray(0, end));
  }
  const measured = watch.stop({ events: shape.events, bytes });
  closeSync(file);
  return measured;
}

/** The file of {@linkcode measurePlainWrite} read, and every line of metadata parsed. */
export function measurePlainRead(path: string, shape: Shape): Measured {
  const header = new Uint32Array(3);
  const headerBytes = new Uint8Array(header.buffer);
  const batch = batchEvents(shape);
  const block = new Uint8Array(batch * (shape.metadataBytes * 2 + 64 + shape.dataBytes)).fill(1);
  const file = openSync(path, "r");
  const watch = new Stopwatch();
  let events = 0;
  let bytes = 0;
  while (readSync(file, headerBytes, 0, HEADER_BYTES, null) === HEADER_BYTES) {
    const [, textBytes, dataBytes] = header;
    readSync(file, block, 0, textBytes + dataBytes, null);
    for (const line of decoder.decode(block.subarray(0, textBytes)).split("\n")) {
      JSON.parse(line);
      events++;
    }
    bytes += textBytes + dataBytes;
  }
  const measured = watch.stop({ events, bytes });
  closeSync(file);
  return measured;
}

/** Events a block: about 1 MiB of them. */
function batchEvents({ metadataBytes, dataBytes }: Shape): number {
  return Math.max(1, Math.floor(BLOCK_BYTES / (metadataBytes + dataBytes)));
}
