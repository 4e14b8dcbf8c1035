import { InvalidOptionError } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import type { ComponentDocument } from "../contract.ts";
import { DefaultSerializer } from "./default.ts";

/**
 * Encodes metadata as JSON text and stores a JSON Schema with it, like the C++ library, so that topics can be
 * exchanged with it. The schema is checked by the validator of the same name, not here.
 */
export class SchemaSerializer extends DefaultSerializer {
  readonly #schema: JsonValue;

  /** Stores the schema. */
  constructor(schema: JsonValue) {
    super();
    this.#schema = structuredClone(schema);
  }

  /** Creates the serializer from its document. */
  static fromDocument(document: ComponentDocument): SchemaSerializer {
    if (document.schema === undefined) {
      throw new InvalidOptionError(
        "schema",
        'Cannot make serializer "schema": expected a JSON Schema under "schema"',
      );
    }
    return new SchemaSerializer(document.schema);
  }

  /** The document that recreates this serializer. */
  override config(): ComponentDocument {
    return { type: "schema", schema: structuredClone(this.#schema) };
  }
}
