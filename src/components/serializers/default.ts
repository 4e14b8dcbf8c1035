import { InvalidMetadataError } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import type { ComponentDocument, Serializer } from "../contract.ts";
import { messageOf } from "../../text/message.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Encodes metadata as JSON text. */
export class DefaultSerializer implements Serializer {
  /** Metadata given as text may be stored unchanged. */
  readonly writesJsonText = true;

  /** The JSON text of the metadata. */
  serialize(metadata: JsonValue): string {
    return JSON.stringify(metadata);
  }

  /** The metadata; throws `InvalidMetadataError` for bytes that are not JSON text. */
  deserialize(bytes: Uint8Array): JsonValue {
    try {
      return JSON.parse(decoder.decode(bytes));
    } catch (error) {
      const detail = messageOf(error);
      throw new InvalidMetadataError(`Cannot read metadata as JSON text: ${detail}`, { cause: error });
    }
  }

  /** The document that recreates this serializer. */
  config(): ComponentDocument {
    return { type: "default" };
  }
}
