import { isUtf8 } from "node:buffer";
import { InvalidMetadataError } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import type { ComponentDocument, Serializer } from "../contract.ts";
import { encodeCbor } from "./cbor_encoder.ts";
import { messageOf } from "../../text/message.ts";

/** The part of cborg used here. */
interface Decoder {
  decode(bytes: Uint8Array, options?: Record<string, boolean>): unknown;
  Tokenizer: new (bytes: Uint8Array, options: Record<string, boolean>) => {
    done(): boolean;
    next(): { byteValue?: Uint8Array | undefined };
  };
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
      if (hasReplacement(value)) refuseBrokenText(this.#decoder, bytes);
      return value as JsonValue;
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

/** Whether a text or key has a replacement character; throws for byte strings, which no option of the decoder rejects. */
function hasReplacement(value: unknown): boolean {
  if (typeof value === "string") return value.includes(REPLACEMENT);
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

function refuseBrokenText({ Tokenizer }: Decoder, bytes: Uint8Array): void {
  const tokens = new Tokenizer(bytes, { ...DECODE_OPTIONS, retainStringBytes: true });
  while (!tokens.done()) {
    const { byteValue } = tokens.next();
    if (byteValue !== undefined && !isUtf8(byteValue)) throw new TypeError("a text in it is not UTF-8");
  }
}
