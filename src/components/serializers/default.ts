import { InvalidMetadataError } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import type { ComponentDocument, Serializer } from "../contract.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Writes metadata as JSON text. */
export class DefaultSerializer implements Serializer {
  /** Metadata may be stored as the text it was given as. */
  readonly writesJsonText = true;

  /** The JSON text of the metadata. */
  serialize(metadata: JsonValue): string {
    return JSON.stringify(metadata);
  }

  /** The metadata; bytes that are not JSON text throw `InvalidMetadataError`. */
  deserialize(bytes: Uint8Array): JsonValue {
    try {
      return JSON.parse(decoder.decode(bytes));
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new InvalidMetadataError(`Cannot read metadata as JSON text: ${detail}`, { cause: error });
    }
  }

  /** The document that recreates this serializer. */
  config(): ComponentDocument {
    return { type: "default" };
  }
}
