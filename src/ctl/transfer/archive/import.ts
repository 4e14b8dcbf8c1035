import { closeSync, createReadStream, openSync, readSync, statSync } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { ComponentDocument } from "../../../../mod.ts";
import { isNestedTooDeeply, isObject, JSON_DEPTH_MAX } from "../../../json.ts";
import { readChunks } from "../../lines/numbered_lines.ts";
import type { Console } from "../../console/console.ts";
import { fileError, UsageError } from "../../usage_error.ts";
import type { ImportedEvent, ImportJob, ImportSource } from "../contract.ts";
import { fileOption, statOfSource } from "../transfer_options.ts";
import { ARCHIVE_FORMAT, ARCHIVE_FORMAT_BYTES, TOPIC_ENTRY, type TopicEntry } from "./format.ts";
import { decode, readWhole, RunReader, TooFewPartitionsError } from "./run_reader.ts";
import { TarError, TarReader } from "./tar_reader.ts";

/** Maximum number of unknown entries to name. */
const NAMED_MAX = 10;

/** The archive's content is not what was written. */
class DamagedArchiveError extends Error {
  override readonly name = "DamagedArchiveError";
  /** Exit code 3. */
  readonly code = "ERR_CORRUPTED_LOG";
}

/** Opens an archive, compressed or not. */
export async function openSource({ options, console, signal }: ImportJob): Promise<ImportSource> {
  const path = fileOption("from", options);
  const opened = await openArchive(path, console, signal);
  const { topic } = opened;
  let foreign = 0;
  const onForeign = (name: string): void => {
    if (++foreign <= NAMED_MAX) {
      console.log.warn(`Entry ${JSON.stringify(name)} of "${path}" is unknown, and skipped`);
    } else if (foreign === NAMED_MAX + 1) {
      console.log.warn(`More entries of "${path}" are unknown, and skipped`);
    }
  };
  const check = async (partitions: number): Promise<void> => {
    const again = await openArchive(path, console, signal);
    try {
      for await (const { data } of readEvents({ ...again, partitions, path, signal, onForeign: () => {} })) {
        if (data !== undefined && Symbol.asyncIterator in data) { for await (const _ of data); }
      }
      signal.throwIfAborted();
    } finally {
      await again.close();
    }
  };
  return {
    definition: {
      options: topic.options,
      validator: topic.validator,
      serializer: topic.serializer,
      partitionSelector: topic.partition_selector,
    },
    keepsPartitions: true,
    ...(topic.metadata === "base64" ? { rawMetadata: true } : {}),
    total: {},
    unit: "Event",
    events: (partitions) => readEvents({ ...opened, partitions, path, signal, onForeign }),
    // A pipe can be read only once.
    ...(path === "-" || !statSync(path).isFile() ? {} : { check }),
    [Symbol.asyncDispose]: () => opened.close(),
  };
}

interface OpenArchive {
  close(): Promise<void>;
  tar: TarReader;
  topic: TopicEntry;
}

async function openArchive(path: string, console: Console, signal: AbortSignal): Promise<OpenArchive> {
  const stream = openStream(path, console);
  const tar = new TarReader(readChunks(stream, signal));
  const close = async (): Promise<void> => {
    stream.destroy();
    // Otherwise the file would still be open.
    if (path !== "-" && !stream.closed) await new Promise<void>((resolve) => stream.once("close", resolve));
  };
  try {
    return { close, tar, topic: await readTopic(tar, path) };
  } catch (error) {
    await close();
    throw error;
  }
}

function openStream(path: string, console: Console): Readable {
  if (path === "-") return console.input;
  let isPlain: boolean;
  try {
    isPlain = !statOfSource(path).isFile() || !isCompressed(path);
  } catch (cause) {
    throw fileError("read", path, "--from.file", cause);
  }
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  if (isPlain) return file;
  const gunzip = createGunzip();
  file.on("error", (error) => gunzip.destroy(error));
  gunzip.on("close", () => file.destroy());
  return file.pipe(gunzip);
}

/** Recognized by the first two bytes, not by the name. */
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
  const wrong = (why: string, cause?: unknown) => cannotImport(path, why, cause);
  let topic: TopicEntry;
  try {
    const entry = await tar.next();
    if (entry?.name !== TOPIC_ENTRY) throw new Error(`it does not begin with "${TOPIC_ENTRY}"`);
    const bytes = await readWhole(tar, entry);
    if (isNestedTooDeeply(bytes)) {
      throw new Error(`"${TOPIC_ENTRY}" is nested more than ${JSON_DEPTH_MAX} levels deep`);
    }
    topic = JSON.parse(decode(bytes));
  } catch (error) {
    throw wrong(
      `${(error as Error).message}; expected a file made by "diaspora-ctl export --to archive"`,
      error,
    );
  }
  const { format, options, metadata } = topic ?? {};
  if (format !== ARCHIVE_FORMAT && format !== ARCHIVE_FORMAT_BYTES) {
    throw wrong(
      `it has format ${format}, and this program reads up to ${ARCHIVE_FORMAT_BYTES}; use a newer one`,
    );
  }
  if (metadata !== undefined && metadata !== "base64") {
    throw wrong(`its metadata is ${JSON.stringify(metadata)}`);
  }
  if (!isObject(options)) throw wrong(`"${TOPIC_ENTRY}" has no options`);
  for (const kind of ["validator", "serializer", "partition_selector"] as const) {
    if (!isDocument(topic[kind])) throw wrong(`"${TOPIC_ENTRY}" has no ${kind} with a "type"`);
  }
  return topic;
}

function cannotImport(path: string, why: string, cause?: unknown): UsageError {
  return new UsageError(`Cannot import "${path}": ${why}`, { cause });
}

function isDocument(value: unknown): value is ComponentDocument {
  return isObject(value) && typeof value.type === "string";
}

async function* readEvents(
  { tar, topic, partitions, path, signal, onForeign }: {
    tar: TarReader;
    topic: TopicEntry;
    partitions: number;
    path: string;
    signal: AbortSignal;
    onForeign: (name: string) => void;
  },
): AsyncGenerator<ImportedEvent, void, void> {
  try {
    const { num_partitions: partitionsExported } = topic.options;
    yield* new RunReader({ tar, partitions, partitionsExported, onForeign }).events();
  } catch (error) {
    // A source closed by a signal looks truncated.
    signal.throwIfAborted();
    if (error instanceof TooFewPartitionsError) throw cannotImport(path, error.message, error);
    if (!(error instanceof TarError || error instanceof SyntaxError || isZlibError(error))) throw error;
    throw new DamagedArchiveError(`Cannot continue reading "${path}": ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Errors detected by decompression: truncation, or a checksum mismatch. */
function isZlibError(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && code.startsWith("Z_");
}
