import { InvalidOptionError } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import type { ComponentDocument, Validator } from "../contract.ts";
import { mismatchError } from "../mismatch.ts";
import { compileSchema, loadCompiler, type SchemaTest } from "./json_schema/ajv.ts";
import { checkDraft, type SchemaDraft } from "./json_schema/draft.ts";
import { explainSchemaErrors } from "./json_schema/explain.ts";

/**
 * Accepts the events whose metadata matches a JSON Schema.
 *
 * @example
 * ```ts
 * import { Driver, SchemaValidator } from "@diaspora/stream";
 *
 * const validator = await SchemaValidator.compile<{ energy: number }>({
 *   type: "object",
 *   properties: { energy: { type: "number", maximum: 50 } },
 *   required: ["energy"],
 * });
 * await using driver = await Driver.open("memory", {});
 * await driver.createTopic("measurements", {}, { validator });
 * ```
 */
export class SchemaValidator<T = JsonValue> implements Validator<T> {
  /** Never set: carries `T` to the type checker. */
  declare readonly types?: { readonly metadata: T };
  readonly #schema: JsonValue;
  readonly #test: SchemaTest;

  readonly #draft: SchemaDraft | undefined;

  private constructor(schema: JsonValue, test: SchemaTest, draft: SchemaDraft | undefined) {
    this.#schema = schema;
    this.#test = test;
    this.#draft = draft;
  }

  /**
   * Compiles the schema (drafts 2020-12, 2019-09, 07, 06 and 04); an invalid one throws `InvalidOptionError`. A
   * schema that declares no draft is read as `draft`, by default 2020-12, or draft 07 if `items` is a list.
   */
  static async compile<T = JsonValue>(
    schema: JsonValue,
    { draft }: { draft?: SchemaDraft | undefined } = {},
  ): Promise<SchemaValidator<T>> {
    // A copy: the document stored with the topic must be the one that was compiled.
    const copy = structuredClone(schema);
    checkDraft(draft);
    await loadCompiler(copy, draft);
    return new SchemaValidator<T>(copy, compileSchema(copy, draft)!, draft);
  }

  /** Creates the validator from its document, synchronously if its compiler is loaded. */
  static fromDocument(document: ComponentDocument): SchemaValidator | Promise<SchemaValidator> {
    if (document.schema === undefined) {
      throw new InvalidOptionError(
        "schema",
        'Cannot make validator "schema": expected a JSON Schema under "schema"',
      );
    }
    const draft = checkDraft(document.draft);
    const copy = structuredClone(document.schema);
    const test = compileSchema(copy, draft);
    return test === undefined
      ? SchemaValidator.compile(copy, { draft })
      : new SchemaValidator(copy, test, draft);
  }

  /** Throws `InvalidMetadataError` with the path, what is expected there and what was found. */
  validate(metadata: JsonValue): void {
    if (this.#test(metadata) === true) return;
    throw mismatchError(explainSchemaErrors(this.#test.errors ?? []));
  }

  /** The document that recreates this validator. */
  config(): ComponentDocument {
    const document: ComponentDocument = { type: "schema", schema: structuredClone(this.#schema) };
    return this.#draft === undefined ? document : { ...document, draft: this.#draft };
  }
}
