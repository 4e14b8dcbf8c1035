import { InvalidOptionError } from "../../../errors.ts";
import type { JsonObject, JsonValue } from "../../../json.ts";

/** One thing Ajv found wrong; the part of its report that is used here. */
export interface SchemaError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
  readonly schema?: unknown;
  readonly parentSchema?: Readonly<Record<string, unknown>>;
  readonly data?: unknown;
}

/** A compiled schema. */
export interface SchemaTest {
  (value: unknown): boolean | PromiseLike<unknown>;
  errors?: readonly SchemaError[] | null;
}

interface SchemaCompiler {
  compile(schema: JsonObject | boolean): SchemaTest;
}

/** `format` is only an annotation in current drafts; unknown keywords are annotations in all of them. */
const OPTIONS = { strict: false, validateFormats: false, logger: false, verbose: true } as const;

const DEFAULT_DRAFT = "2020-12";

type CompilerClass = new (options: typeof OPTIONS) => SchemaCompiler;

/** Ajv is CommonJS: in a program made by a bundler its module may have a default export alone, the class. */
function make(named: CompilerClass | undefined, module: { default: unknown }): SchemaCompiler {
  return new (named ?? module.default as CompilerClass)(OPTIONS);
}

async function makeAjv(): Promise<SchemaCompiler> {
  const module = await import("ajv");
  return make(module.Ajv, module);
}

/** Loads Ajv only here, so that nobody else pays for it. Draft-06 schemas are draft-07 schemas too. */
const COMPILERS: Record<string, () => Promise<SchemaCompiler>> = {
  "2020-12": async () => {
    const module = await import("ajv/dist/2020.js");
    return make(module.Ajv2020, module);
  },
  "2019-09": async () => {
    const module = await import("ajv/dist/2019.js");
    return make(module.Ajv2019, module);
  },
  "draft-07": makeAjv,
  "draft-06": makeAjv,
};

/** Compiles a JSON Schema; a wrong one throws `InvalidOptionError`. */
export async function compileSchema(schema: JsonValue): Promise<SchemaTest> {
  if (
    typeof schema !== "boolean" && (typeof schema !== "object" || schema === null || Array.isArray(schema))
  ) {
    throw wrongSchema(`expected an object, true or false, found ${JSON.stringify(schema)}`);
  }
  if (typeof schema === "object" && schema.$async !== undefined) {
    throw wrongSchema('"$async" is not a keyword of JSON Schema');
  }
  const draft = draftOf(schema);
  const compiler = await COMPILERS[draft]();
  try {
    return compiler.compile(draft === "draft-06" ? withoutDraft(schema) : schema);
  } catch (error) {
    throw wrongSchema(error instanceof Error ? error.message : String(error), error);
  }
}

function draftOf(schema: JsonObject | boolean): string {
  const declared = typeof schema === "boolean" ? undefined : schema.$schema;
  if (declared === undefined) return DEFAULT_DRAFT;
  const match = typeof declared === "string"
    ? /^https?:\/\/json-schema\.org\/(?:draft\/)?(2020-12|2019-09|draft-0[67])\/schema#?$/.exec(declared)
    : null;
  if (match === null) {
    throw wrongSchema(
      `known drafts are ${Object.keys(COMPILERS).map((name) => `"${name}"`).join(", ")}, ` +
        `found "$schema": ${JSON.stringify(declared)}`,
    );
  }
  return match[1];
}

function withoutDraft(schema: JsonObject | boolean): JsonObject | boolean {
  if (typeof schema === "boolean") return schema;
  const { $schema: _, ...rest } = schema;
  return rest;
}

function wrongSchema(detail: string, cause?: unknown): InvalidOptionError {
  return new InvalidOptionError("schema", `Cannot compile JSON schema: ${detail}`, { cause });
}
