import { InvalidMetadataError } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import type { ComponentDocument, Serializer } from "../contract.ts";

/** The part of cborg used here. */
interface Codec {
  encode(value: unknown, options?: { mapSorter?: undefined }): Uint8Array;
  decode(bytes: Uint8Array, options?: Record<string, boolean>): unknown;
}

/** Keys stay in the order they were given in; sorting them would cost time and serve nobody here. */
const ENCODE_OPTIONS = { mapSorter: undefined };

/** What JSON cannot hold is refused rather than changed. */
const DECODE_OPTIONS = { allowUndefined: false, allowInfinity: false, allowNaN: false, allowBigInt: false };

/** Writes metadata as CBOR (RFC 8949): smaller than JSON text, most of all for numbers. */
export class CborSerializer implements Serializer {
  readonly #codec: Codec;

  private constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** Loads the codec only now, so that nobody else pays for it. */
  static async load(): Promise<CborSerializer> {
    return new CborSerializer(await import("cborg"));
  }

  /** The CBOR bytes of the metadata. */
  serialize(metadata: JsonValue): Uint8Array {
    return this.#codec.encode(metadata, ENCODE_OPTIONS);
  }

  /** The metadata; bytes that are not CBOR, or hold what JSON cannot, throw `InvalidMetadataError`. */
  deserialize(bytes: Uint8Array): JsonValue {
    try {
      return this.#codec.decode(bytes, DECODE_OPTIONS) as JsonValue;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new InvalidMetadataError(`Cannot read metadata as CBOR: ${detail}`, { cause: error });
    }
  }

  /** The document that recreates this serializer. */
  config(): ComponentDocument {
    return { type: "cbor" };
  }
}
