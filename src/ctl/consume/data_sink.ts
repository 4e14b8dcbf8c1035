import { Buffer } from "node:buffer";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { DataDescriptor, Event } from "../../../mod.ts";
import { dataPieces } from "../../event/data_pieces.ts";
import { reasonOf } from "../../storage/storage_error.ts";
import type { Output } from "../console/output.ts";
import { fileError, UsageError } from "../usage_error.ts";

/**
 * Larger data parts are read and written in pieces. A multiple of 3, so that base64 pieces can be concatenated.
 */
const PIECE_BYTES = 3 * 1024 * 1024;

/** Selects data parts that are loaded with their events; larger ones are read later, in pieces. */
export function selectSmall(_metadata: unknown, descriptor: DataDescriptor): DataDescriptor | null {
  return descriptor.size <= PIECE_BYTES ? descriptor : null;
}

/** The data part of an event in pieces of at most {@linkcode PIECE_BYTES}. */
export async function* piecesOf(event: Event): AsyncGenerator<Uint8Array, void, void> {
  const { data } = event;
  if (data === undefined) yield* dataPieces(event, PIECE_BYTES);
  else if (data.length > 0) yield data;
}

/** Writes an event's data part as text. */
export async function writeEncoded(event: Event, encoding: "base64" | "hex", out: Output): Promise<void> {
  for await (const piece of piecesOf(event)) {
    const text = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString(encoding);
    await out.text(text);
  }
}

/** Values of `--data` other than a pattern for file names. */
const WORDS = ["none", "base64", "hex", "-"];

/**
 * Rejects a pattern by which two events would overwrite each other's file, and a word that is probably not meant
 * as a file name. `partitions` is the number of partitions read.
 */
export function checkDataOption(how: string, partitions: number): void {
  if (WORDS.includes(how)) return;
  if (!/[{./\\]/.test(how)) {
    throw new UsageError(
      `Option "--data" takes none, base64, hex, - or a FILE pattern; found "${how}": for a file of that name write ` +
        `"./${how}"`,
    );
  }
  const unknown = /\{(?!topic\}|partition\}|id\})\w*\}/.exec(how)?.[0];
  if (unknown !== undefined) {
    throw new UsageError(
      `Option "--data" has {topic}, {partition} and {id} in a FILE pattern; found "${unknown}" in "${how}"`,
    );
  }
  if (partitions > 1 && how.includes("{id}") && !how.includes("{partition}")) {
    throw new UsageError(
      `Option "--data ${how}" gives events of different partitions one file: add {partition}, as in ` +
        `"${how.replace("{id}", "{partition}-{id}")}", or read one partition with "--partition N"`,
    );
  }
}

/**
 * Writes data parts to files. `{topic}`, `{partition}` and `{id}` in the pattern are replaced by those of the
 * event; parts for the same file are concatenated.
 */
export class DataFiles {
  #begun = new Set<string>();

  constructor(private readonly pattern: string) {}

  /** Writes the data part of one event, if it has one. */
  async write(topic: string, event: Event): Promise<void> {
    if (event.dataDescriptor.size === 0) return;
    const fields: Record<string, unknown> = { topic, partition: event.partition, id: event.id };
    const path = this.pattern.replace(/\{(topic|partition|id)\}/g, (_, field) => String(fields[field]));
    const first = !this.#begun.has(path);
    // Names with an id occur only once; remembering millions of them would waste memory.
    if (!this.pattern.includes("{id}")) this.#begun.add(path);
    const file = openFile(path, first);
    try {
      for await (const piece of piecesOf(event)) writeWhole(file, piece, path);
    } finally {
      closeSync(file);
    }
  }
}

function openFile(path: string, isNew: boolean): number {
  try {
    if (isNew) mkdirSync(dirname(path), { recursive: true });
    return openSync(path, isNew ? "w" : "a");
  } catch (cause) {
    throw fileError("write", path, "--data", cause);
  }
}

function writeWhole(file: number, bytes: Uint8Array, path: string): void {
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at);
  } catch (cause) {
    throw new Error(`Cannot write "${path}": ${reasonOf(cause)}`, { cause });
  }
}
