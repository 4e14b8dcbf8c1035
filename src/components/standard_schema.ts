import type { ComponentDocument, Validator } from "./contract.ts";
import { InvalidMetadataError, InvalidOptionError } from "../errors.ts";
import type { JsonValue } from "../json.ts";
import { show } from "../options.ts";
import { pointerStep } from "../text/json_pointer.ts";
import { isThenable } from "../async.ts";

/**
 * A schema of zod, valibot, arktype or any other library that follows https://standardschema.dev: the subset of
 * version 1 used here.
 */
export interface StandardSchema<T = unknown> {
  /** The schema, as defined by the standard. */
  readonly "~standard": {
    /** Version of the standard. */
    readonly version: 1;
    /** Name of the library. */
    readonly vendor: string;
    /** Checks a value. */
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>;
    /** Never set: carries the types to the type checker. */
    readonly types?: { readonly input: T; readonly output: unknown } | undefined;
    /** Returns the schema as a JSON Schema, if the library can. */
    readonly jsonSchema?: {
      readonly input: (options: { readonly target: "draft-2020-12" }) => Record<string, unknown>;
    };
  };
}

/** The result of a schema: a value, or what is wrong with it. */
export type StandardResult = { readonly issues?: undefined } | { readonly issues: readonly StandardIssue[] };

/** One issue. */
export interface StandardIssue {
  /** What is wrong. */
  readonly message: string;
  /** The path to the value, outermost key first. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** How a validator made from a schema is stored with a topic. */
export interface StandardSchemaOptions {
  /**
   * The document from which other processes create the validator, e.g. `{ type: "reading:./reading.ts" }`.
   * Default: the schema as a JSON Schema, if its library can produce one.
   */
  document?: ComponentDocument | undefined;
}

/**
 * Accepts the events whose metadata is valid under a schema of zod, valibot, arktype, etc. A schema given as a
 * validator is wrapped in this class.
 *
 * It only checks: the metadata is stored as it was pushed, without the defaults and transformations of the schema.
 *
 * @example
 * ```ts
 * import { Driver, StandardSchemaValidator } from "@diaspora/stream";
 * import * as z from "zod";
 *
 * const validator = new StandardSchemaValidator(z.object({ energy: z.number().max(50) }));
 * await using driver = await Driver.open("memory", {});
 * await driver.createTopic("readings", { num_partitions: 1 }, { validator });
 * await using topic = await driver.openTopic("readings", { validator });
 * await using producer = topic.producer("app");
 * producer.push({ energy: 42 }); // { energy: "high" } would not compile
 * await producer.flush();
 * ```
 */
export class StandardSchemaValidator<T = JsonValue> implements Validator<T> {
  /** Never set: carries `T` to the type checker. */
  declare readonly types?: { readonly metadata: T };
  readonly #schema: StandardSchema<T>;
  readonly #document: ComponentDocument | undefined;

  /** Wraps a schema. */
  constructor(schema: StandardSchema<T>, options: StandardSchemaOptions = {}) {
    if (!isStandardSchema(schema)) {
      throw new InvalidOptionError(
        "schema",
        `Cannot make a validator of ${
          show(schema)
        }: expected a Standard Schema, such as one of zod or valibot`,
      );
    }
    this.#schema = schema;
    this.#document = options.document;
  }

  /** Throws `InvalidMetadataError` with the first place where the metadata is invalid. */
  validate(metadata: JsonValue): void | Promise<void> {
    const result = this.#schema["~standard"].validate(metadata);
    return isThenable(result) ? Promise.resolve(result).then(accept) : accept(result);
  }

  /**
   * The given document, or that of the equivalent JSON Schema; throws `InvalidOptionError` if there is neither.
   */
  config(): ComponentDocument {
    if (this.#document !== undefined) return this.#document;
    const { jsonSchema, vendor } = this.#schema["~standard"];
    if (jsonSchema === undefined) {
      throw new InvalidOptionError(
        "validator",
        `Cannot store a validator made of a ${vendor} schema: it does not give a JSON Schema; ` +
          (vendor === "valibot"
            ? 'wrap it in toStandardJsonSchema() of "@valibot/to-json-schema", or '
            : "") +
          `use new StandardSchemaValidator(schema, { document: { type: "NAME:MODULE" } }) with a module that ` +
          `exports the validator`,
      );
    }
    const schema = jsonSchema.input({ target: "draft-2020-12" });
    return { type: "schema", schema: JSON.parse(JSON.stringify(schema)) };
  }
}

/** Whether a value implements the standard. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  // Schemas of arktype are functions.
  return (typeof value === "object" || typeof value === "function") && value !== null && "~standard" in value;
}

function accept(result: StandardResult): void {
  if (result.issues === undefined) return;
  const [issue] = result.issues;
  const pointer = (issue?.path ?? []).map((step) =>
    pointerStep(String(typeof step === "object" ? step.key : step))
  )
    .join("");
  const more = result.issues.length > 1 ? ` (and ${result.issues.length - 1} more)` : "";
  throw new InvalidMetadataError(
    `Cannot accept metadata${pointer === "" ? "" : ` at "${pointer}"`}: ${
      issue?.message ?? "it does not fit"
    }${more}`,
  );
}
