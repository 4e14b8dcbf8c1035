import { InvalidOptionError } from "./errors.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { cut, literal } from "./text/quoted.ts";
import { isSecret, kindOf, withoutSecrets } from "./secrets.ts";
import { unitRemark } from "./options/unit_remark.ts";

/** What an option document may contain under one key. */
export interface OptionRule {
  /** The expected value, as errors state it: `a whole number above 0`. */
  expected: string;
  /** Whether the value is valid. */
  accepts(value: JsonValue): boolean;
  /** Used if the document lacks the key; if undefined, the result lacks it too. */
  default?: JsonValue | undefined;
  /** Whether the key is required. */
  required?: boolean;
  /** Whether errors must hide the value; keys with telling names (`password`, `api_key`, …) are always hidden. */
  secret?: boolean;
}

/** The rules of a document by key. */
export type OptionRules = { readonly [key: string]: OptionRule };

/** The same type without the members that may be undefined; they may be missing instead. */
type WithoutUndefined<O> =
  & { [K in keyof O as undefined extends O[K] ? never : K]: O[K] }
  & { [K in keyof O as undefined extends O[K] ? K : never]?: Exclude<O[K], undefined> };

/** An object without its undefined members: some receivers do not treat those as missing. */
export function withoutUndefined<O extends object>(options: O): WithoutUndefined<O> {
  const there = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(there) as WithoutUndefined<O>;
}

/**
 * A copy of an option document that the caller cannot change any more, without undefined members: those are not given.
 * Throws `InvalidOptionError`.
 */
export function copyOptions(owner: string, options: unknown = {}): JsonObject {
  const refused = (why: string, cause?: unknown) =>
    new InvalidOptionError("", `Cannot use ${owner} options: ${why}`, { cause });
  if (!isDocument(options)) {
    throw refused(`expected an object, found ${show(options)}`);
  }
  try {
    return withoutUndefined(structuredClone(options as JsonObject));
  } catch (cause) {
    throw refused(`expected values that JSON can hold: ${(cause as Error).message}`, cause);
  }
}

/** Whether options can be among a value's properties; those of an array, a map or a set are elsewhere. */
function isDocument(value: unknown): value is object {
  return typeof value === "object" && value !== null && !(Symbol.iterator in value);
}

/** Creates commonly used rules. */
export interface RuleMakers {
  /** A whole number of at least `minimum`. */
  wholeNumber(minimum: number, defaultValue?: number): OptionRule;
  /** One of a few words. */
  oneOf(values: readonly string[], defaultValue?: string): OptionRule;
  /** A non-empty string. */
  text(settings?: { required?: boolean; default?: string; secret?: boolean }): OptionRule;
  /** `true` or `false`. */
  flag(defaultValue?: boolean): OptionRule;
}

/** Commonly used rules. */
export const rule: RuleMakers = {
  wholeNumber: (minimum, defaultValue) => ({
    expected: minimum === 0 ? "a whole number, not negative" : `a whole number of at least ${minimum}`,
    accepts: (value) => Number.isSafeInteger(value) && (value as number) >= minimum,
    default: defaultValue,
  }),
  oneOf: (values, defaultValue) => ({
    expected: `one of ${values.map((value) => JSON.stringify(value)).join(", ")}`,
    accepts: (value) => typeof value === "string" && values.includes(value),
    default: defaultValue,
  }),
  text: (settings = {}) => ({
    expected: "text",
    accepts: (value) => typeof value === "string" && value !== "",
    ...settings,
  }),
  flag: (defaultValue) => ({
    expected: "true or false",
    accepts: (value) => typeof value === "boolean",
    default: defaultValue,
  }),
};

/**
 * The document with its defaults filled in. Throws `InvalidOptionError` for an unknown key (suggesting the nearest
 * known one), an invalid value or a missing required key. `owner` names what the options configure, as errors
 * state it: `files driver`, `topic`.
 */
export function readOptions(owner: string, document: unknown, rules: OptionRules): JsonObject {
  checkOptions(owner, document, Object.keys(rules));
  const given = document as JsonObject;
  const result: JsonObject = {};
  for (const [key, known] of Object.entries(rules)) {
    const value = given[key];
    if (value === undefined) {
      if (known.required) throw missing(owner, key, known);
      if (known.default !== undefined) result[key] = known.default;
    } else {
      if (!known.accepts(value)) {
        throw invalidOption(owner, key, value, known.expected, known.secret || isSecret(key));
      }
      result[key] = value;
    }
  }
  return result;
}

/** Throws `InvalidOptionError` unless the value is an object with known keys only. */
export function checkOptions(owner: string, document: unknown, known: readonly string[]): void {
  if (!isDocument(document)) {
    throw new InvalidOptionError("", `Cannot use ${show(document)} as ${owner} options: expected an object`);
  }
  for (const key of Object.keys(document)) {
    if (!known.includes(key)) throw unknownOption(owner, key, known);
  }
}

/** Throws `InvalidOptionError` if changes to a topic include an option that only a new one can have. */
export function refuseFixed(changes: JsonObject, fixed: readonly string[]): void {
  for (const key of fixed) {
    if (Object.hasOwn(changes, key)) {
      const reason = `a topic keeps the "${key}" it was created with`;
      throw new InvalidOptionError(key, `Cannot change topic option "${key}": ${reason}`);
    }
  }
}

/** Components that are taken for topic options: their names in a program, and on a command line. */
const COMPONENTS: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["validator", ["validator", "--validator"]],
  ["serializer", ["serializer", "--serializer"]],
  ["partition_selector", ["partitionSelector", "--partition-selector"]],
  ["partitionSelector", ["partitionSelector", "--partition-selector"]],
]);

/** The error for an unknown option. */
function unknownOption(owner: string, key: string, known: readonly string[]): InvalidOptionError {
  const nearest = nearestName(key, known);
  const component = owner === "topic" ? COMPONENTS.get(key) : undefined;
  const remedy = component !== undefined
    ? `it is a component: pass it as "${component[0]}" in the argument after the options, or as "${
      component[1]
    }" of the command`
    : nearest !== undefined
    ? `did you mean "${nearest}"?`
    : known.length === 0
    ? "there are none"
    : `known ones are ${known.map((name) => `"${name}"`).join(", ")}`;
  return new InvalidOptionError(key, `Cannot use ${owner} option "${key}": it is unknown; ${remedy}`);
}

/** The error for an option with an invalid value; for a secret it only states the type. */
export function invalidOption(
  owner: string,
  key: string,
  value: unknown,
  expected: string,
  isHidden = isSecret(key),
): InvalidOptionError {
  const remark = typeof value === "string" && expected.includes("number") ? unitRemark(value, key) : "";
  return new InvalidOptionError(
    key,
    `Cannot use ${isHidden ? kindOf(value) : show(value)} as ${owner} option "${key}": ` +
      `expected ${expected}${isHidden ? "" : remark}`,
  );
}

function missing(owner: string, key: string, known: OptionRule): InvalidOptionError {
  return new InvalidOptionError(key, `Cannot leave out ${owner} option "${key}": expected ${known.expected}`);
}

/** Throws `InvalidOptionError` unless a factory can be registered under a name. */
export function checkRegistration(what: string, name: unknown, factory: unknown): void {
  if (typeof name !== "string" || name === "" || name.includes(":")) {
    throw new InvalidOptionError(
      "name",
      `Cannot register ${what} ${show(name)}: expected a name without a colon`,
    );
  }
  if (typeof factory !== "function") {
    throw new InvalidOptionError(
      "factory",
      `Cannot register ${what} "${name}": expected a function that makes one, found ${show(factory)}`,
    );
  }
}

/** How errors show a value. */
export function show(value: unknown): string {
  return cut(showFully(value));
}

function showFully(value: unknown): string {
  if (typeof value === "object" && value !== null) return safeJson(value);
  if (typeof value === "string") return JSON.stringify(withoutSecrets(value));
  // JSON.stringify throws on a bigint and turns NaN into null.
  return literal(value);
}

function safeJson(value: object): string {
  try {
    const json = JSON.stringify(withoutSecrets(JSON.parse(JSON.stringify(value, withoutLoss)))) ??
      String(value);
    // The content of a map, a set and the like is not in their properties.
    return json === "{}" && !isPlain(value) ? `${value.constructor.name} {}` : json;
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** What JSON would refuse, leave out or turn into null: it may be just what is wrong. */
function withoutLoss(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  return value === undefined || typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** The known name nearest to a mistyped one, if any is near enough. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(fold(name), fold(candidate));
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

/** Ignores naming styles: `batchSize`, `batch-size` and `batch_size` are near. */
function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, "");
}

/** Number of single-character insertions, deletions and replacements between two words. */
function editDistance(from: string, to: string): number {
  // For each prefix of `to`: its distance from the prefix of `from` processed so far.
  const distances = Array.from({ length: to.length + 1 }, (_, length) => length);
  for (let row = 1; row <= from.length; row++) {
    let replaced = row - 1;
    let inserted = row;
    for (const [column, removed] of distances.entries()) {
      const isSame = from[row - 1] === to[column - 1];
      const distance = column === 0 ? row : Math.min(replaced + (isSame ? 0 : 1), removed + 1, inserted + 1);
      replaced = removed;
      distances[column] = inserted = distance;
    }
  }
  return distances[to.length]!;
}

/** Batch sizes other than a number. */
export const BatchSize = {
  /** Small and immediate when idle, larger under load. */
  Adaptive: "adaptive",
} as const;

/** Number of events in a batch, or {@linkcode BatchSize.Adaptive}. */
export type BatchSize = number | typeof BatchSize.Adaptive;
