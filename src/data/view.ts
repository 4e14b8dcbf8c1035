import type { OutgoingData } from "../contract.ts";
import { InvalidDataError } from "../errors.ts";
import { messageOf } from "../text/message.ts";

/** One piece of a data part: bytes in memory, in any kind of view or buffer. */
export type DataPiece = ArrayBufferView | ArrayBufferLike;

/**
 * The data part of an event as `push` accepts it: bytes, several pieces that are written in order as one data
 * part, or a stream of pieces of unknown total size.
 *
 * Bytes in memory are not copied until their batch is written: do not modify them until the push future completes
 * or `flush()` does. Exactly the bytes given are stored: a buffer that grows meanwhile adds none, and a push whose
 * data has lost bytes fails with `InvalidDataError`.
 */
export type DataPart =
  | DataPiece
  | readonly DataPiece[]
  | AsyncIterable<Uint8Array>
  | ReadableStream<Uint8Array>;

/** Represents "no data". */
const NO_PIECES: readonly Uint8Array[] = [];

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as { at(index: number): unknown };
const { at: typedArrayAt } = typedArray;
const lengthOf = Object.getOwnPropertyDescriptor(typedArray, "length")!.get as () => number;

/**
 * Whether a value is bytes that need no view of their own. A class of its own, or a property, may say that a view has
 * more bytes than it has; and a proxy is an instance, too, but no view. Of both sizes, because what runs for every event
 * looks at `length`: Node 20 takes six times as long for `byteLength`.
 */
export function isBytes(data: unknown): data is Uint8Array {
  if (!(data instanceof Uint8Array && ArrayBuffer.isView(data))) return false;
  const size = lengthOf.call(data);
  return data.length === size && data.byteLength === size;
}

/** The bytes as a `Uint8Array`, not copied; throws `InvalidDataError`, which says `where` the piece is. */
export function bytesOf(piece: unknown, where = ""): Uint8Array {
  try {
    if (ArrayBuffer.isView(piece)) {
      // A view of a detached buffer has length 0 just like an empty one; only an access tells the difference.
      if (piece.byteLength === 0 && !(piece instanceof DataView)) typedArrayAt.call(piece, 0);
      return isBytes(piece) ? piece : new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
    }
    // With an explicit size: otherwise the view would track the buffer if it grows.
    if (isBuffer(piece)) return new Uint8Array(piece, 0, piece.byteLength);
  } catch {
    throw new InvalidDataError(
      `Cannot use a data part: the memory of ${
        nameOf(piece)
      }${where} is detached or smaller than the view; ` +
        `push bytes that stay where they are`,
    );
  }
  throw refused(piece, where);
}

function isBuffer(piece: unknown): piece is ArrayBufferLike {
  return piece instanceof ArrayBuffer ||
    (typeof SharedArrayBuffer === "function" && piece instanceof SharedArrayBuffer);
}

function isStream(data: object): data is AsyncIterable<Uint8Array> {
  return Symbol.asyncIterator in data;
}

/** Streams that can be read once, and have been. */
const readBefore = new WeakSet<object>();

/**
 * A stream of pieces as an iterable; a `ReadableStream` is read with a reader if the runtime cannot iterate it.
 * Read again, e.g. by a push that repeats a failed one, a stream would pass as a shorter data part.
 */
async function* piecesOf(
  stream: AsyncIterable<unknown> | ReadableStream<unknown>,
): AsyncGenerator<Uint8Array> {
  if (readBefore.has(stream)) {
    throw new InvalidDataError(
      "Cannot use a data part: the stream has been read for another push; push a new stream",
    );
  }
  const pieces = isStream(stream)
    ? stream[Symbol.asyncIterator]()
    : chunksOf(stream as ReadableStream<unknown>);
  // A generator is its own iterator; the streams of the web and of Node are not. Other iterables begin anew.
  if (pieces === stream || "getReader" in stream || "pipe" in stream) readBefore.add(stream);
  for await (const piece of { [Symbol.asyncIterator]: () => pieces }) {
    const bytes = bytesOf(piece, " of the stream");
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
  return new InvalidDataError(
    `Cannot use a data part: expected a Uint8Array, an ArrayBuffer, a view of one, an array of those ` +
      `or a stream of Uint8Array, found ${nameOf(value)}${where}${remedyFor(value)}`,
  );
}

/** Blobs, files, requests and responses have their bytes in a stream. */
function remedyFor(value: unknown): string {
  if (typeof value === "number") return "; push numbers in a typed array, e.g. Float64Array.from(numbers)";
  if (typeof value === "string") return "; push text as bytes: new TextEncoder().encode(text)";
  if (typeof value !== "object" || value === null) return "";
  if ("then" in value) return "; await it first";
  if ("partition" in value) return "; options are the third argument: push(metadata, undefined, options)";
  if ("stream" in value && typeof value.stream === "function") return "; push its stream() instead";
  return "body" in value ? "; push its body instead" : "";
}

/** What a value is, as errors say it: its class or its type. */
export function nameOf(value: unknown): string {
  if (value === null) return "null";
  return typeof value === "object" ? value.constructor?.name || "an object" : typeof value;
}

/** A data part as it was pushed: its bytes and their sizes at that moment, or a stream. */
export class PushedData {
  /** Created by {@linkcode normalizeData}. */
  constructor(
    /** The bytes, if they are in memory. */
    readonly bytes: OutgoingData,
    /** Their total size, in bytes. */
    readonly size: number,
    /** Sizes of the pieces, if there are several. */
    readonly sizes?: readonly number[],
    /** The stream, if the data part is one. */
    readonly stream?: AsyncIterable<Uint8Array>,
  ) {}
}

/** Converts the user's value to what drivers accept; throws `InvalidDataError`. */
export function normalizeData(data: unknown): PushedData {
  try {
    return normalized(data);
  } catch (error) {
    if (error instanceof InvalidDataError) throw error;
    // A getter or a proxy of the caller's own threw.
    throw new InvalidDataError(`Cannot use a data part: it cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function normalized(data: unknown): PushedData {
  if (Array.isArray(data)) {
    const pieces: Uint8Array[] = [];
    const sizes: number[] = [];
    let size = 0;
    // By index: an iterator would skip holes.
    for (let index = 0; index < data.length; index++) {
      const piece = bytesOf(data[index], ` at index ${index}`);
      pieces.push(piece);
      sizes.push(piece.byteLength);
      size += piece.byteLength;
    }
    return new PushedData(pieces, size, sizes);
  }
  if (typeof data === "object" && data !== null && !ArrayBuffer.isView(data)) {
    if (isStream(data) || typeof (data as ReadableStream).getReader === "function") {
      if ((data as Partial<ReadableStream>).locked === true) {
        throw new InvalidDataError(
          "Cannot use a data part: the stream is locked by another reader; release that first",
        );
      }
      return new PushedData(undefined, 0, undefined, piecesOf(data as AsyncIterable<unknown>));
    }
  }
  const bytes = bytesOf(data);
  return new PushedData(bytes, bytes.byteLength);
}

/** Whether a view that had `size` bytes when it was pushed has as many now, and says so; false for several pieces. */
export function hasSize(
  data: Uint8Array | readonly Uint8Array[],
  size: number | readonly number[],
): boolean {
  return data.length === size && (data as Uint8Array).byteLength === size;
}

/** The first `size` bytes of a piece that had that size when it was pushed; undefined if it has fewer now. */
function asGiven(piece: Uint8Array, size: number): Uint8Array | undefined {
  if (hasSize(piece, size)) return piece;
  return lengthOf.call(piece) < size ? undefined : new Uint8Array(piece.buffer, piece.byteOffset, size);
}

/** What was pushed of a data part, without bytes added since; undefined if bytes have been lost. */
export function asPushed(
  data: Uint8Array | readonly Uint8Array[],
  size: number | readonly number[],
): OutgoingData {
  if (typeof size === "number") return asGiven(data as Uint8Array, size);
  const pieces = data as readonly Uint8Array[];
  if (pieces.every((piece, index) => hasSize(piece, size[index]!))) return pieces;
  const given = pieces.map((piece, index) => asGiven(piece, size[index]!));
  return given.includes(undefined) ? undefined : given as Uint8Array[];
}

/** The pieces of a data part as a list. */
export function piecesOfData(data: OutgoingData): readonly Uint8Array[] {
  if (data === undefined) return NO_PIECES;
  return data instanceof Uint8Array ? [data] : data;
}
