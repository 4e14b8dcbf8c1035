import { InvalidOptionError } from "./errors.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import { isSecret, kindOf, withoutSecrets } from "./secrets.ts";

/** What an option document may hold under one key. */
export interface OptionRule {
  /** What is expected, as it reads in an error: `a whole number above 0`. */
  expected: string;
  /** Whether the value fits. */
  accepts(value: JsonValue): boolean;
  /** Taken when the document does not have the key; no such key in the result if undefined. */
  default?: JsonValue | undefined;
  /** Whether the document must have the key. */
  required?: boolean;
  /** Whether errors must not show the value; those whose names say so (`password`, `api_key`, …) never do. */
  secret?: boolean;
}

/** The rules of a document by key. */
export type OptionRules = { readonly [key: string]: OptionRule };

/** The same without the members that may be undefined, which may be missing instead. */
export type WithoutUndefined<O> =
  & { [K in keyof O as undefined extends O[K] ? never : K]: O[K] }
  & { [K in keyof O as undefined extends O[K] ? K : never]?: Exclude<O[K], undefined> };

/** An object without the members that are undefined: to some who take options those are not the defaults. */
export function withoutUndefined<O extends object>(options: O): WithoutUndefined<O> {
  const there = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(there) as WithoutUndefined<O>;
}

/** Makes the rules that many documents use. */
export interface RuleMakers {
  /** A whole number of at least `minimum`. */
  wholeNumber(minimum: number, defaultValue?: number): OptionRule;
  /** One of a few words. */
  oneOf(values: readonly string[], defaultValue?: string): OptionRule;
  /** Text that is not empty. */
  text(settings?: { required?: boolean; default?: string; secret?: boolean }): OptionRule;
  /** `true` or `false`. */
  flag(defaultValue?: boolean): OptionRule;
}

/** Rules that many documents use. */
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
 * The document with its defaults filled in. Throws `InvalidOptionError` for a key that no rule knows (naming the
 * nearest), for a value that does not fit and for a required key that is missing. `owner` is what the options
 * are of, as the error reads: `files driver`, `topic`.
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

/** Throws `InvalidOptionError` unless the value is an object with no other keys than the known ones. */
export function checkOptions(owner: string, document: unknown, known: readonly string[]): void {
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw new InvalidOptionError("", `Cannot use ${show(document)} as ${owner} options: expected an object`);
  }
  for (const key of Object.keys(document)) {
    if (!known.includes(key)) throw unknownOption(owner, key, known);
  }
}

/** The error for an option no one knows. */
export function unknownOption(owner: string, key: string, known: readonly string[]): InvalidOptionError {
  const nearest = nearestName(key, known);
  const remedy = nearest !== undefined
    ? `did you mean "${nearest}"?`
    : known.length === 0
    ? "there are none"
    : `known ones are ${known.map((name) => `"${name}"`).join(", ")}`;
  return new InvalidOptionError(key, `Cannot use ${owner} option "${key}": it is unknown; ${remedy}`);
}

/** The error for an option whose value does not fit; of a secret it says only what kind of value it is. */
export function invalidOption(
  owner: string,
  key: string,
  value: unknown,
  expected: string,
  isHidden = isSecret(key),
): InvalidOptionError {
  return new InvalidOptionError(
    key,
    `Cannot use ${isHidden ? kindOf(value) : show(value)} as ${owner} option "${key}": expected ${expected}`,
  );
}

function missing(owner: string, key: string, known: OptionRule): InvalidOptionError {
  return new InvalidOptionError(key, `Cannot leave out ${owner} option "${key}": expected ${known.expected}`);
}

/** How a value reads in an error. */
export function show(value: unknown): string {
  const text = shownWhole(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function shownWhole(value: unknown): string {
  if (typeof value === "object" && value !== null) return safeJson(value);
  if (typeof value === "string") return JSON.stringify(withoutSecrets(value));
  // JSON has neither, and would throw or say null.
  return typeof value === "bigint" ? `${value}n` : String(value);
}

function safeJson(value: object): string {
  try {
    return JSON.stringify(withoutSecrets(JSON.parse(JSON.stringify(value)))) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** The known name that a mistyped one most resembles, if any is near enough to be meant. */
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

/** Spelling styles make no difference: `batchSize`, `batch-size` and `batch_size` are near. */
function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, "");
}

/** Number of single-character insertions, deletions and replacements between two words. */
function editDistance(from: string, to: string): number {
  // Of each beginning of `to`: its distance from the part of `from` that was looked at.
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
