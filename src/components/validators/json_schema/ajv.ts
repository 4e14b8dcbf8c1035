import type { JsonObject, JsonValue } from "../../../json.ts";
import { mismatchText } from "../../mismatch.ts";
import { draftOf, fromDraft04, type SchemaDraft, wrongSchema } from "./draft.ts";
import { explainSchemaErrors, type SchemaError } from "./explain.ts";
import { schemaPattern } from "./regular_expression.ts";
import { messageOf } from "../../../text/message.ts";

/** A compiled schema. */
export interface SchemaTest {
  (value: unknown): boolean | PromiseLike<unknown>;
  errors?: readonly SchemaError[] | null;
}

interface SchemaCompiler {
  /** What is wrong with the last schema. */
  readonly errors?: readonly SchemaError[] | null;
  compile(schema: JsonObject | boolean): SchemaTest;
  removeKeyword(name: string): unknown;
  addKeyword(definition: typeof MULTIPLE_OF): unknown;
}

/** `format` is only an annotation in current drafts; unknown keywords are annotations in all drafts. */
const OPTIONS = {
  strict: false,
  validateFormats: false,
  logger: false,
  verbose: true,
  code: { regExp: schemaPattern },
} as const;

/** Ajv's own implementation computes with doubles, where 19.99 is not a multiple of 0.01. */
const MULTIPLE_OF = {
  keyword: "multipleOf",
  type: "number" as const,
  schemaType: "number" as const,
  compile(divisor: number): KeywordTest {
    const test: KeywordTest = (value) => {
      if (isMultipleOf(value, divisor)) return true;
      test.errors = [{ keyword: "multipleOf", params: { multipleOf: divisor } }];
      return false;
    };
    return test;
  },
};

interface KeywordTest {
  (value: number): boolean;
  errors?: { keyword: string; params: { multipleOf: number } }[];
}

type CompilerClass = new (options: typeof OPTIONS) => SchemaCompiler;

/** Ajv is CommonJS: after bundling its module may have only a default export, the class. */
function classOf(named: CompilerClass | undefined, module: { default: unknown }): CompilerClass {
  return named ?? module.default as CompilerClass;
}

async function loadAjv(): Promise<CompilerClass> {
  const module = await import("ajv");
  return classOf(module.Ajv, module);
}

/**
 * Ajv is loaded here, so that only its users pay for it. Draft-06 schemas are also valid draft-07 schemas, and
 * draft-04 ones are converted.
 */
const COMPILERS: Record<SchemaDraft, () => Promise<CompilerClass>> = {
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
  "draft-04": loadAjv,
};

const loaded = new Map<SchemaDraft, CompilerClass>();

/**
 * Loads the compiler for that schema, using draft `orElse` if it names none; an invalid schema throws
 * `InvalidOptionError`.
 */
export async function loadCompiler(schema: JsonValue, orElse?: SchemaDraft): Promise<void> {
  const draft = draftOf(checked(schema), orElse);
  if (!loaded.has(draft)) loaded.set(draft, await COMPILERS[draft]());
}

/**
 * Compiles a JSON Schema; undefined if its compiler is not loaded yet. An invalid one throws `InvalidOptionError`.
 */
export function compileSchema(document: JsonValue, orElse?: SchemaDraft): SchemaTest | undefined {
  const schema = checked(document);
  const draft = draftOf(schema, orElse);
  const Compiler = loaded.get(draft);
  if (Compiler === undefined) return undefined;
  // A new one for each schema: two schemas may have the same "$id".
  const compiler = new Compiler(OPTIONS);
  try {
    compiler.removeKeyword(MULTIPLE_OF.keyword);
    compiler.addKeyword(MULTIPLE_OF);
    const plain = withoutDraft(schema);
    return compiler.compile(draft === "draft-04" ? fromDraft04(plain) : plain);
  } catch (error) {
    // What a comparison with the schema of schemas found tells more than the message; it may have failed before that.
    const { errors } = compiler;
    if (errors?.length) throw wrongSchema(mismatchText(explainSchemaErrors(errors)), error);
    throw wrongSchema(messageOf(error), error);
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

/** Ajv was chosen by draft already, and only knows one URL for it. */
function withoutDraft(schema: JsonObject | boolean): JsonObject | boolean {
  if (typeof schema === "boolean") return schema;
  const { $schema: _, ...rest } = schema;
  return rest;
}

/** A number as an integer times a power of ten. */
interface Decimal {
  digits: bigint;
  power: number;
}

/**
 * Whether a number is an integer multiple of another, both taken as decimals: 19.99 is a multiple of 0.01,
 * although the double nearest to 19.99 is not a multiple of the double nearest to 0.01.
 */
function isMultipleOf(value: number, divisor: number): boolean {
  if (Number.isInteger(value) && Number.isInteger(divisor)) return value % divisor === 0;
  const quotient = value / divisor;
  // If the quotient is far from an integer, rounding errors do not matter.
  if (Math.abs(quotient - Math.round(quotient)) > 1e-6 * Math.max(1, Math.abs(quotient))) return false;
  const [one, other] = [decimalOf(value), decimalOf(divisor)];
  const power = Math.min(one.power, other.power);
  const scaled = ({ digits, power: own }: Decimal): bigint => digits * 10n ** BigInt(own - power);
  return scaled(one) % scaled(other) === 0n;
}

function decimalOf(value: number): Decimal {
  const [, whole, fraction = "", power] = /^(-?\d)(?:\.(\d+))?e([-+]\d+)$/.exec(value.toExponential())!;
  return { digits: BigInt(`${whole}${fraction}`), power: Number(power) - fraction.length };
}
