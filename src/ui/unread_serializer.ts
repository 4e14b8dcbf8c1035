import type { ComponentDocument, JsonValue, Serializer } from "../../mod.ts";

/** Takes the place of a serializer that is not loaded here, and says so where metadata would be. */
export class UnreadSerializer implements Serializer {
  constructor(private readonly document: ComponentDocument) {}

  serialize(): Uint8Array {
    throw new Error("Cannot write: the page only reads");
  }

  deserialize(bytes: Uint8Array): JsonValue {
    return `${bytes.byteLength} bytes, written by the serializer "${this.document.type}", which is not loaded here`;
  }

  config(): ComponentDocument {
    return this.document;
  }
}
