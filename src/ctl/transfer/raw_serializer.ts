import { Buffer } from "node:buffer";
import type { ComponentDocument, JsonValue, Serializer } from "../../../mod.ts";

/** Replaces a serializer that is not loaded: metadata is its raw bytes, encoded in base64. */
export class RawSerializer implements Serializer {
  constructor(private readonly document: ComponentDocument) {}

  serialize(metadata: JsonValue): Uint8Array {
    if (typeof metadata !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(metadata)) {
      throw new TypeError("expected metadata as a text in base64");
    }
    return new Uint8Array(Buffer.from(metadata, "base64"));
  }

  deserialize(bytes: Uint8Array): JsonValue {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  }

  config(): ComponentDocument {
    return this.document;
  }
}
