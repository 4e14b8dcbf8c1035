import { closeSync, createReadStream, openSync, readSync, statSync } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { readChunks } from "../../lines/chunks.ts";
import { UsageError } from "../../usage_error.ts";
import type { ImportedEvent, ImportJob, ImportSource } from "../contract.ts";
import { fileOption } from "../options.ts";
import {
  ARCHIVE_FORMAT,
  type EventLine,
  type Manifest,
  MANIFEST_ENTRY,
  partitionOfRun,
  TOPIC_ENTRY,
  type TopicEntry,
} from "./format.ts";
import { type TarEntry, TarError, TarReader } from "./tar_reader.ts";

/** Data parts larger than this are handed on in pieces. */
const STREAM_BYTES_MIN = 64 * 1024 * 1024;
const PIECE_BYTES = 4 * 1024 * 1024;

/** Events that stand together in the archive. */
interface Run {
  name: string;
  partition: number;
  lines: string[];
  /** Number of events before them. */
  before: number;
}

/** The archive is not what was written. */
export class DamagedArchiveError extends Error {
  override readonly name = "DamagedArchiveError";
  /** Exit code 3. */
  readonly code = "ERR_CORRUPTED_LOG";
}

/** Opens an archive, compressed or not. */
export async function openSource({ options, console, signal }: ImportJob): Promise<ImportSource> {
  const path = fileOption("from", options);
  const stream = openStream(path, console.input);
  const tar = new TarReader(readChunks(stream, signal));
  const topic = await readTopic(tar, path);
  return {
    definition: {
      options: topic.options,
      validator: topic.validator,
      serializer: topic.serializer,
      partitionSelector: topic.partition_selector,
    },
    total: {},
    unit: "Event",
    events: () => readEvents(tar, path, signal),
    [Symbol.asyncDispose]: () => {
      stream.destroy();
      return Promise.resolve();
    },
  };
}

function openStream(path: string, input: Readable): Readable {
  if (path === "-") return input;
  try {
    statSync(path);
  } catch (cause) {
    throw new UsageError(`Cannot read "${path}" given by "--from.file": ${(cause as Error).message}`, {
      cause,
    });
  }
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  if (!isCompressed(path)) return file;
  const gunzip = createGunzip();
  file.on("error", (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
}

/** Told by the first two bytes, not by the name. */
function isCompressed(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const start = new Uint8Array(2);
    return readSync(file, start, 0, 2, 0) === 2 && start[0] === 0x1f && start[1] === 0x8b;
  } finally {
    closeSync(file);
  }
}

async function readTopic(tar: TarReader, path: string): Promise<TopicEntry> {
  const wrong = (why: string, cause?: unknown): UsageError =>
    new UsageError(`Cannot import "${path}": ${why}`, { cause });
  let entry: TarEntry | undefined;
  let topic: TopicEntry;
  try {
    entry = await tar.next();
    if (entry?.name !== TOPIC_ENTRY) throw new Error(`it does not begin with "${TOPIC_ENTRY}"`);
    topic = JSON.parse(decode(await tar.read(entry.size)));
  } catch (error) {
    throw wrong(
      `${(error as Error).message}; expected a file made by "diaspora-ctl export --to archive"`,
      error,
    );
  }
  if (topic.format !== ARCHIVE_FORMAT) {
    throw wrong(`it has format ${topic.format}, and this program reads ${ARCHIVE_FORMAT}; use a newer one`);
  }
  return topic;
}

async function* readEvents(
  tar: TarReader,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<ImportedEvent, void, void> {
  try {
    const manifest = yield* readRuns(tar);
    checkManifest(manifest, tar.sums, path);
  } catch (error) {
    // A source that was closed by a signal looks as if it were cut off.
    signal.throwIfAborted();
    if (!(error instanceof TarError)) throw error;
    throw new DamagedArchiveError(`Cannot read on in "${path}": ${error.message}`, { cause: error });
  }
}

async function* readRuns(tar: TarReader): AsyncGenerator<ImportedEvent, Manifest | undefined, void> {
  let run: Run | undefined;
  let number = 0;
  let manifest: Manifest | undefined;
  for (let entry = await tar.next(); entry !== undefined; entry = await tar.next()) {
    const partition = partitionOfRun(entry.name);
    const base = entry.name.replace(/\.[a-z]+$/, "");
    if (run !== undefined && base !== run.name) {
      yield* eventsWithoutData(run);
      run = undefined;
    }
    if (entry.name === MANIFEST_ENTRY) {
      manifest = JSON.parse(decode(await tar.read(entry.size))) as Manifest;
    } else if (partition !== undefined && entry.name.endsWith(".jsonl")) {
      const lines = decode(await tar.read(entry.size)).split("\n").filter((line) => line !== "");
      run = { name: base, partition, lines, before: number };
      number += lines.length;
    } else if (partition !== undefined && run !== undefined) {
      yield* eventsWithData(run, tar);
      run = undefined;
    }
  }
  return manifest;
}

function* eventsWithoutData(run: Run): Generator<ImportedEvent, void, void> {
  for (const [index, line] of run.lines.entries()) {
    const document = metadataOf(line);
    yield { number: run.before + index + 1, partition: run.partition, document, dataBytes: 0 };
  }
}

async function* eventsWithData(run: Run, tar: TarReader): AsyncGenerator<ImportedEvent, void, void> {
  for (const [index, line] of run.lines.entries()) {
    const { data_size: size } = JSON.parse(line) as EventLine;
    const document = metadataOf(line);
    const event = { number: run.before + index + 1, partition: run.partition, document, dataBytes: size };
    if (size === 0) yield event;
    else if (size < STREAM_BYTES_MIN) yield { ...event, data: await tar.read(size) };
    else yield { ...event, data: pieces(tar, size) };
  }
}

async function* pieces(tar: TarReader, size: number): AsyncGenerator<Uint8Array, void, void> {
  for (let left = size; left > 0; left -= PIECE_BYTES) yield await tar.read(Math.min(left, PIECE_BYTES));
}

/** The events are stored by now; whoever reads this decides what to do with them. */
function checkManifest(
  manifest: Manifest | undefined,
  sums: Readonly<Record<string, string>>,
  path: string,
): void {
  if (manifest === undefined) {
    throw new DamagedArchiveError(`"${path}" is cut off: it has no "${MANIFEST_ENTRY}"`);
  }
  for (const [name, sum] of Object.entries(manifest.sha256)) {
    if (sums[name] !== sum) {
      throw new DamagedArchiveError(`"${path}" is damaged: checksum of "${name}" differs`);
    }
  }
}

/** The metadata stand last in a line, behind numbers only. */
function metadataOf(line: string): string {
  const key = '"metadata":';
  return line.slice(line.indexOf(key) + key.length, -1);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
