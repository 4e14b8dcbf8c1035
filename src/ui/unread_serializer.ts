import type { ComponentDocument, JsonValue, Serializer } from "../../mod.ts";
import { counted } from "../text/counted.ts";

/** Replaces a serializer that is not loaded here, and says so in place of metadata. */
export class UnreadSerializer implements Serializer {
  constructor(private readonly document: ComponentDocument) {}

  serialize(): Uint8Array {
    throw new Error("Cannot write: the page only reads");
  }

  deserialize(bytes: Uint8Array): JsonValue {
    return `${
      counted(bytes.byteLength, "byte")
    }, written by the serializer "${this.document.type}", which is not loaded here`;
  }

  config(): ComponentDocument {
    return this.document;
  }
}
