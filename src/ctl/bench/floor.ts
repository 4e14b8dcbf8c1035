/**
 * What the machine can do without a log: the same bytes through plain files. Only ratios to it from the same run
 * are meaningful; absolute numbers drift.
 *
 * @module
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { DataPool, fillPseudoRandom, makeContent } from "./content.ts";
import { collectGarbage, type Measured, Stopwatch } from "./stopwatch.ts";
import { type Shape, warmUpOf } from "./workload.ts";

/** Which kind of plain file access to measure. */
export type FloorKind = "raw write" | "raw read" | "plain write" | "plain read";

/** The workload, and the state of the process at the start. */
export interface FloorSettings extends Shape {
  /** Whether nothing has run before, so that no code is compiled yet. */
  cold?: boolean;
}

const BLOCK_BYTES = 1024 * 1024;
const HEADER_BYTES = 12;
/**
 * Offset of the read buffer in its memory. Some processors copy at a fifth of their speed to addresses just after
 * a multiple of 4096, which is where new buffers begin.
 */
const BUFFER_OFFSET = 64;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Measures plain writes or reads of a workload's bytes. Reads need the file left by a write of the same kind. */
export function measureFloor(kind: FloorKind, path: string, shape: FloorSettings): Measured {
  const run = prepare(kind, shape);
  const read = kind.endsWith("read");
  if (!read && shape.cold !== true) run(path, warmUpOf(shape).events);
  if (!read) collectGarbage();
  return run(path, shape.events);
}

type Run = (path: string, events: number) => Measured;

function prepare(kind: FloorKind, shape: Shape): Run {
  switch (kind) {
    case "raw write":
      return rawWrite(shape);
    case "raw read":
      return rawRead();
    case "plain write":
      return plainWrite(shape);
    case "plain read":
      return plainRead(shape);
  }
}

/** Measures an operation on a file. */
function timed(
  path: string,
  flag: "r" | "w",
  work: (file: number) => { events: number; bytes: number },
): Measured {
  const file = openSync(path, flag);
  const watch = new Stopwatch();
  const measured = watch.stop(work(file));
  closeSync(file);
  return measured;
}

/** Writes as many bytes as the events have, from one buffer, 1 MiB per write. */
function rawWrite(shape: Shape): Run {
  const { bytes } = makeContent({ ...shape, documents: 10_000 }, "text");
  const block = new Uint8Array(BLOCK_BYTES);
  fillPseudoRandom(block);
  return (path, events) =>
    timed(path, "w", (file) => {
      const total = Math.round(bytes * events / shape.events);
      for (let left = total; left > 0; left -= BLOCK_BYTES) {
        writeSync(file, left < BLOCK_BYTES ? block.subarray(0, left) : block);
      }
      return { events, bytes: total };
    });
}

/** Reads a file to its end, into one buffer. */
function rawRead(): Run {
  const block = new Uint8Array(BUFFER_OFFSET + BLOCK_BYTES).fill(1).subarray(BUFFER_OFFSET);
  return (path, events) =>
    timed(path, "r", (file) => {
      let bytes = 0;
      for (let got = -1; got !== 0; bytes += got) got = readSync(file, block, 0, BLOCK_BYTES, null);
      return { events, bytes };
    });
}

/** Serializes every object and writes it with the data: what a program without a log would do. */
function plainWrite(shape: Shape): Run {
  const { metadata: objects, bytes } = makeContent(shape, "object");
  const pool = new DataPool(shape.dataBytes);
  const batch = batchEvents(shape);
  const block = new Uint8Array(blockBytes(shape));
  fillPseudoRandom(block);
  return (path, events) =>
    timed(path, "w", (file) => {
      for (let index = 0, document = 0; index < events; index += batch) {
        const count = Math.min(batch, events - index);
        const lines: string[] = [];
        for (let at = 0; at < count; at++) {
          lines.push(JSON.stringify(objects[document]));
          if (++document === objects.length) document = 0;
        }
        const { written } = encoder.encodeInto(lines.join("\n"), block.subarray(HEADER_BYTES));
        let end = HEADER_BYTES + written;
        for (let at = 0; shape.dataBytes > 0 && at < count; at++) {
          block.set(pool.next()!, end);
          end += shape.dataBytes;
        }
        new Uint32Array(block.buffer, 0, 3).set([count, written, end - HEADER_BYTES - written]);
        writeSync(file, block.subarray(0, end));
      }
      return { events, bytes: Math.round(bytes * events / shape.events) };
    });
}

/** Reads what {@linkcode plainWrite} wrote, and parses every line of metadata. */
function plainRead(shape: Shape): Run {
  const header = new Uint32Array(3);
  const headerBytes = new Uint8Array(header.buffer);
  const block = new Uint8Array(BUFFER_OFFSET + blockBytes(shape)).fill(1).subarray(BUFFER_OFFSET);
  return (path) =>
    timed(path, "r", (file) => {
      let events = 0;
      let bytes = 0;
      while (readSync(file, headerBytes, 0, HEADER_BYTES, null) === HEADER_BYTES) {
        const [, textBytes = 0, dataBytes = 0] = header;
        readSync(file, block, 0, textBytes + dataBytes, null);
        for (const line of decoder.decode(block.subarray(0, textBytes)).split("\n")) {
          JSON.parse(line);
          events++;
        }
        bytes += textBytes + dataBytes;
      }
      return { events, bytes };
    });
}

/** Events per block of about 1 MiB. */
function batchEvents({ metadataBytes, dataBytes }: Shape): number {
  return Math.max(1, Math.floor(BLOCK_BYTES / (metadataBytes + dataBytes)));
}

function blockBytes(shape: Shape): number {
  return HEADER_BYTES + batchEvents(shape) * (shape.metadataBytes * 2 + 128 + shape.dataBytes);
}
