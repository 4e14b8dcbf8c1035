import type { JsonValue } from "../../json.ts";
import type { ComponentDocument, Serializer } from "../contract.ts";

const decoder = new TextDecoder();

/** Writes metadata as JSON text. */
export class DefaultSerializer implements Serializer {
  readonly writesJsonText = true;

  serialize(metadata: JsonValue): string {
    return JSON.stringify(metadata);
  }

  deserialize(bytes: Uint8Array): JsonValue {
    return JSON.parse(decoder.decode(bytes));
  }

  config(): ComponentDocument {
    return { type: "default" };
  }
}
