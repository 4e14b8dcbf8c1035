import { InvalidMetadataError } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import type { ComponentDocument, Serializer } from "../contract.ts";
import { encodeCbor } from "./cbor_encoder.ts";
import { messageOf } from "../../text/message.ts";

/** The parts of cborg used here. */
interface Decoder {
  decode(bytes: Uint8Array, options: Record<string, unknown>): unknown;
  Tokenizer: new (bytes: Uint8Array, options: Record<string, unknown>) => Tokenizer;
}

/** Reads one value, or the beginning of one, after the other. */
interface Tokenizer {
  pos(): number;
  done(): boolean;
  next(): { value?: unknown; byteValue?: Uint8Array | undefined };
}

/** Values that JSON cannot represent are rejected rather than converted. */
const DECODE_OPTIONS = { allowUndefined: false, allowInfinity: false, allowNaN: false, allowBigInt: false };

/** What the decoder reads for bytes that are not UTF-8, and for the three bytes of this character. */
const REPLACEMENT = "\ufffd";

/**
 * Encodes metadata as CBOR (RFC 8949): smaller than JSON text, especially for numbers.
 *
 * @example
 * ```ts
 * import { CborSerializer } from "@diaspora/stream";
 *
 * const serializer = await CborSerializer.load();
 * serializer.serialize({ energy: 42.5 }).length; // 11
 * ```
 */
export class CborSerializer implements Serializer {
  static #loaded: Decoder | undefined = undefined;
  readonly #decoder: Decoder;

  private constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  /** Loads the decoder on demand, so that only its users pay for it. */
  static async load(): Promise<CborSerializer> {
    return new CborSerializer(CborSerializer.#loaded ??= await import("cborg"));
  }

  /** The same, but synchronous if the decoder is already loaded. */
  static make(): CborSerializer | Promise<CborSerializer> {
    return CborSerializer.#loaded === undefined
      ? CborSerializer.load()
      : new CborSerializer(CborSerializer.#loaded);
  }

  /** The CBOR bytes of the metadata. */
  serialize(metadata: JsonValue): Uint8Array {
    return encodeCbor(metadata);
  }

  /**
   * The metadata; throws `InvalidMetadataError` for bytes that are not CBOR or encode a value that JSON cannot
   * represent.
   */
  deserialize(bytes: Uint8Array): JsonValue {
    try {
      const value = this.#decoder.decode(bytes, DECODE_OPTIONS);
      const isExact = !hasReplacement(value) && !hasByteOrderMark(bytes);
      return (isExact ? value : decodeExactly(this.#decoder, bytes)) as JsonValue;
    } catch (error) {
      const detail = messageOf(error);
      throw new InvalidMetadataError(`Cannot read metadata as CBOR: ${detail}`, { cause: error });
    }
  }

  /** The document that recreates this serializer. */
  config(): ComponentDocument {
    return { type: "cbor" };
  }
}

/** Whether a text or key has a replacement character; throws for values that no option of the decoder rejects. */
function hasReplacement(value: unknown): boolean {
  if (typeof value === "string") return value.includes(REPLACEMENT);
  // The decoder returns its own symbol for a "break", which ends a list, where a map should have a value.
  if (typeof value === "symbol") throw new TypeError('a map has a "break" for a value');
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof Uint8Array) throw new TypeError("it holds a byte string");
  let has = false;
  if (Array.isArray(value)) {
    for (const element of value) has = hasReplacement(element) || has;
  } else {
    for (const key in value) {
      has = hasReplacement((value as Record<string, unknown>)[key]) || key.includes(REPLACEMENT) || has;
    }
  }
  return has;
}

/** Whether the bytes of U+FEFF, EF BB BF, are anywhere: at the beginning of a text the decoder drops them. */
function hasByteOrderMark(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(0xef); at >= 0; at = bytes.indexOf(0xef, at + 1)) {
    if (bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) return true;
  }
  return false;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The value with every character of its texts; throws if one of them is not UTF-8. */
function decodeExactly({ decode, Tokenizer }: Decoder, bytes: Uint8Array): unknown {
  const tokens = new Tokenizer(bytes, { ...DECODE_OPTIONS, retainStringBytes: true });
  const next: Tokenizer["next"] = () => {
    const token = tokens.next();
    if (token.byteValue !== undefined) token.value = textOf(token.byteValue);
    return token;
  };
  return decode(bytes, {
    ...DECODE_OPTIONS,
    tokenizer: { pos: () => tokens.pos(), done: () => tokens.done(), next },
  });
}

function textOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    throw new TypeError("a text in it is not UTF-8");
  }
}
