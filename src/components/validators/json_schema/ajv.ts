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
function classOf(named: CompilerClass | undefined, module: { default: unknown }): CompilerClass {
  return named ?? module.default as CompilerClass;
}

async function loadAjv(): Promise<CompilerClass> {
  const module = await import("ajv");
  return classOf(module.Ajv, module);
}

/** Loads Ajv only here, so that nobody else pays for it. Draft-06 schemas are draft-07 schemas too. */
const COMPILERS: Record<string, () => Promise<CompilerClass>> = {
  "2020-12": async () => {
    const module = await import("ajv/dist/2020.js");
    return classOf(module.Ajv2020, module);
  },
  "2019-09": async () => {
    const module = await import("ajv/dist/2019.js");
    return classOf(module.Ajv2019, module);
  },
  "draft-07": loadAjv,
  "draft-06": loadAjv,
};

const loaded = new Map<string, CompilerClass>();

/** Loads what compiles that schema; a wrong one throws `InvalidOptionError`. */
export async function loadCompiler(schema: JsonValue): Promise<void> {
  const draft = draftOf(checked(schema));
  if (!loaded.has(draft)) loaded.set(draft, await COMPILERS[draft]());
}

/** Compiles a JSON Schema; undefined before its compiler is loaded. A wrong one throws `InvalidOptionError`. */
export function compileSchema(document: JsonValue): SchemaTest | undefined {
  const schema = checked(document);
  const draft = draftOf(schema);
  const Compiler = loaded.get(draft);
  if (Compiler === undefined) return undefined;
  try {
    // A new one for each schema: two may have the same "$id".
    return new Compiler(OPTIONS).compile(draft === "draft-06" ? withoutDraft(schema) : schema);
  } catch (error) {
    throw wrongSchema(error instanceof Error ? error.message : String(error), error);
  }
}

function checked(schema: JsonValue): JsonObject | boolean {
  if (
    typeof schema !== "boolean" && (typeof schema !== "object" || schema === null || Array.isArray(schema))
  ) {
    throw wrongSchema(`expected an object, true or false, found ${JSON.stringify(schema)}`);
  }
  if (typeof schema === "object" && schema.$async !== undefined) {
    throw wrongSchema('"$async" is not a keyword of JSON Schema');
  }
  return schema;
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
