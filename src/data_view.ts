import type { OutgoingData } from "./drivers/contract.ts";
import { InvalidDataError } from "./errors.ts";

/** One piece of a data part: bytes in memory, in whatever view. */
export type DataPiece = ArrayBufferView | ArrayBufferLike;

/**
 * The data part of an event as `push` takes it: bytes, several pieces that are written in order as one data
 * part, or a stream of pieces of unknown total size.
 *
 * Bytes in memory are not copied until their batch is written: leave them unmodified until the push future
 * completes or `flush()` does.
 */
export type DataPart =
  | DataPiece
  | readonly DataPiece[]
  | AsyncIterable<Uint8Array>
  | ReadableStream<Uint8Array>;

/** What stands for "no data". */
const NO_PIECES: readonly Uint8Array[] = [];

/** The same bytes as a `Uint8Array`, not copied; undefined if the value is not bytes. */
function bytesOf(piece: unknown): Uint8Array | undefined {
  if (piece instanceof Uint8Array) return piece;
  if (ArrayBuffer.isView(piece)) return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
  if (piece instanceof ArrayBuffer) return new Uint8Array(piece);
  if (typeof SharedArrayBuffer === "function" && piece instanceof SharedArrayBuffer) {
    return new Uint8Array(piece);
  }
  return undefined;
}

function isStream(data: object): data is AsyncIterable<Uint8Array> {
  return Symbol.asyncIterator in data;
}

/** A stream of pieces as an iterable; a `ReadableStream` is read by its reader where it cannot be iterated. */
async function* piecesOf(
  stream: AsyncIterable<unknown> | ReadableStream<unknown>,
): AsyncGenerator<Uint8Array> {
  const pieces = isStream(stream) ? stream : chunksOf(stream as ReadableStream<unknown>);
  for await (const piece of pieces) {
    const bytes = bytesOf(piece);
    if (bytes === undefined) throw refused(piece, "of the stream");
    if (bytes.byteLength > 0) yield bytes;
  }
}

async function* chunksOf(stream: ReadableStream<unknown>): AsyncGenerator<unknown> {
  const reader = stream.getReader();
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) yield chunk.value;
  } finally {
    await reader.cancel();
  }
}

function refused(value: unknown, where: string): InvalidDataError {
  const found = value === null
    ? "null"
    : typeof value === "object"
    ? value.constructor?.name ?? "an object"
    : typeof value;
  return new InvalidDataError(
    `Cannot use a data part: expected a Uint8Array, an ArrayBuffer, a view of one, an array of those ` +
      `or a stream of Uint8Array, found ${found}${where === "" ? "" : ` ${where}`}`,
  );
}

/** What a data part is made of: bytes or a stream. */
export interface NormalizedData {
  /** The bytes, where they are in memory. */
  bytes: OutgoingData;
  /** Their number. */
  size: number;
  /** The stream, where the data part is one. */
  stream?: AsyncIterable<Uint8Array>;
}

/** Turns what the user gave into what drivers take; throws `InvalidDataError`. */
export function normalizeData(data: unknown): NormalizedData {
  const bytes = bytesOf(data);
  if (bytes !== undefined) return { bytes, size: bytes.byteLength };
  if (Array.isArray(data)) {
    let size = 0;
    const pieces = data.map((piece, index) => {
      const view = bytesOf(piece);
      if (view === undefined) throw refused(piece, `at index ${index}`);
      size += view.byteLength;
      return view;
    });
    return { bytes: pieces, size };
  }
  if (typeof data === "object" && data !== null) {
    if (isStream(data) || typeof (data as ReadableStream).getReader === "function") {
      return { bytes: undefined, size: 0, stream: piecesOf(data as AsyncIterable<unknown>) };
    }
  }
  throw refused(data, "");
}

/** The pieces of a data part as a list. */
export function piecesOfData(data: OutgoingData): readonly Uint8Array[] {
  if (data === undefined) return NO_PIECES;
  return data instanceof Uint8Array ? [data] : data;
}
