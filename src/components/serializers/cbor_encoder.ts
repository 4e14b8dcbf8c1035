/**
 * Encodes JSON values as CBOR (RFC 8949): definite lengths, every number in its shortest form, keys in their
 * original order. It supports JSON's values only, which is why it takes a fraction of the time of a general
 * encoder.
 *
 * ```text
 * first byte = major type (3 bits) , argument (5 bits: 0 to 23 itself; 24 to 27: it follows in 1, 2, 4, 8 bytes)
 *
 * 0 integer n      1 integer -1-n     3 text of n bytes     4 list of n values     5 map of n keys and values
 * 7 with 20 false  21 true  22 null   25 half  26 single  27 double float
 * ```
 *
 * @module
 */
import { InvalidMetadataError } from "../../errors.ts";
import { JSON_DEPTH_MAX, type JsonValue } from "../../json.ts";
import { messageOf } from "../../text/message.ts";

const INTEGER = 0x00;
const NEGATIVE = 0x20;
const TEXT = 0x60;
const LIST = 0x80;
const MAP = 0xa0;
const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;
const HALF_FLOAT = 0xf9;
const SINGLE_FLOAT = 0xfa;
const DOUBLE_FLOAT = 0xfb;

/** Shorter text is written character by character, which is faster than TextEncoder. */
const LOOP_CHARACTERS_MAX = 64;

const BUFFER_BYTES = 4096;
/** A buffer larger than this is not kept for reuse. */
const KEPT_BYTES_MAX = 1 << 20;

const encoder = new TextEncoder();
let buffer = new Uint8Array(BUFFER_BYTES);
let view = new DataView(buffer.buffer);
let end = 0;
let isEncoding = false;

/** The CBOR bytes of a value; throws `InvalidMetadataError` for one that has none. */
export function encodeCbor(value: JsonValue): Uint8Array {
  // A getter may push, and so ask for another encoding before this one is whole.
  const outer = isEncoding ? { buffer, end } : undefined;
  if (outer !== undefined) useBuffer(new Uint8Array(BUFFER_BYTES));
  isEncoding = true;
  end = 0;
  try {
    writeValue(value, 0);
    return buffer.slice(0, end);
  } catch (error) {
    if (error instanceof InvalidMetadataError) throw error;
    // A getter threw.
    const why = messageOf(error);
    throw new InvalidMetadataError(`Cannot write metadata as CBOR: ${why}`, { cause: error });
  } finally {
    isEncoding = outer !== undefined;
    if (outer !== undefined) {
      useBuffer(outer.buffer);
      end = outer.end;
    } else if (buffer.length > KEPT_BYTES_MAX) useBuffer(new Uint8Array(BUFFER_BYTES));
  }
}

function writeValue(value: JsonValue, depth: number): void {
  reserve(9);
  switch (typeof value) {
    case "string":
      return writeText(value);
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? writeInteger(value) : writeFloat(value);
    case "boolean":
      buffer[end++] = value ? TRUE : FALSE;
      return;
    case "object":
      if (value === null) {
        buffer[end++] = NULL;
      } else if (depth === JSON_DEPTH_MAX) {
        // Readers have less room for it than this function.
        throw new InvalidMetadataError(
          `Cannot write metadata as CBOR: it is nested more than ${JSON_DEPTH_MAX} levels deep`,
        );
      } else if (Array.isArray(value)) {
        // As many as the head says, even if a getter changes the list.
        const { length } = value;
        writeHead(LIST, length);
        for (let index = 0; index < length; index++) writeValue(value[index]!, depth + 1);
      } else {
        writeMap(value, depth + 1);
      }
      return;
    default:
      throw new InvalidMetadataError(
        `Cannot write metadata as CBOR: JSON has no value of type "${typeof value}"`,
      );
  }
}

function writeMap(map: { [key: string]: JsonValue }, depth: number): void {
  const keys = Object.keys(map);
  writeHead(MAP, keys.length);
  for (const key of keys) {
    reserve(9);
    writeText(key);
    writeValue(map[key]!, depth);
  }
}

function writeInteger(value: number): void {
  if (value >= 0) writeHead(INTEGER, value);
  else writeHead(NEGATIVE, -1 - value);
}

/** The caller has already reserved 9 bytes. */
function writeHead(major: number, argument: number): void {
  if (argument < 24) {
    buffer[end++] = major | argument;
  } else if (argument <= 0xff) {
    buffer[end++] = major | 24;
    buffer[end++] = argument;
  } else if (argument <= 0xffff) {
    buffer[end] = major | 25;
    view.setUint16(end + 1, argument);
    end += 3;
  } else if (argument <= 0xffff_ffff) {
    buffer[end] = major | 26;
    view.setUint32(end + 1, argument);
    end += 5;
  } else {
    buffer[end] = major | 27;
    view.setUint32(end + 1, Math.floor(argument / 0x1_0000_0000));
    view.setUint32(end + 5, argument % 0x1_0000_0000);
    end += 9;
  }
}

function writeText(text: string): void {
  const start = end;
  if (text.length <= LOOP_CHARACTERS_MAX) {
    reserve(9 + text.length);
    writeHead(TEXT, text.length);
    let index = 0;
    for (; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) break;
      buffer[end++] = code;
    }
    if (index === text.length) return;
    end = start;
  }
  // The encoder would replace lone surrogates by another character.
  if (!text.isWellFormed()) {
    throw new InvalidMetadataError(
      `Cannot write metadata as CBOR: ${
        JSON.stringify(shortened(text))
      } has half a surrogate pair, which UTF-8 ` +
        `cannot hold`,
    );
  }
  const bytes = encoder.encode(text);
  reserve(9 + bytes.length);
  writeHead(TEXT, bytes.length);
  buffer.set(bytes, end);
  end += bytes.length;
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function writeFloat(value: number): void {
  if (!Number.isFinite(value)) {
    throw new InvalidMetadataError(`Cannot write metadata as CBOR: JSON has no number ${value}`);
  }
  if (Math.fround(value) !== value) {
    buffer[end] = DOUBLE_FLOAT;
    view.setFloat64(end + 1, value);
    end += 9;
    return;
  }
  view.setFloat32(end + 1, value);
  const bits = view.getUint32(end + 1);
  const half = halfFloatOf(bits);
  if (half === undefined) {
    buffer[end] = SINGLE_FLOAT;
    end += 5;
  } else {
    buffer[end] = HALF_FLOAT;
    view.setUint16(end + 1, half);
    end += 3;
  }
}

/**
 * The half-precision float equal to a single-precision one, if there is one (subnormal numbers are not
 * considered).
 */
function halfFloatOf(bits: number): number | undefined {
  const sign = bits >>> 16 & 0x8000;
  if ((bits & 0x7fff_ffff) === 0) return sign;
  const exponent = (bits >>> 23 & 0xff) - 127;
  const mantissa = bits & 0x7f_ffff;
  if (exponent < -14 || exponent > 15 || (mantissa & 0x1fff) !== 0) return undefined;
  return sign | exponent + 15 << 10 | mantissa >>> 13;
}

function reserve(bytes: number): void {
  if (end + bytes <= buffer.length) return;
  const larger = new Uint8Array(Math.max(buffer.length * 2, end + bytes));
  larger.set(buffer.subarray(0, end));
  useBuffer(larger);
}

function useBuffer(next: Uint8Array<ArrayBuffer>): void {
  buffer = next;
  view = new DataView(next.buffer);
}
