import type { Args, ParseOptions } from "./parse_args.ts";

function listOf(names: string | readonly string[] | boolean | undefined): readonly string[] {
  if (names === undefined || typeof names === "boolean") return [];
  return typeof names === "string" ? [names] : names;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Path of a dotted key; names that would reach the prototype are not followed. */
function pathOf(key: string): string[] | undefined {
  const path = key.split(".");
  return path.includes("__proto__") ? undefined : path;
}

/** The options read so far, and what is known of each name. */
export class ArgumentTable {
  readonly values: Args = { _: [] };
  readonly allBoolean: boolean;
  readonly #options: ParseOptions;
  readonly #looksLikeNumber: (text: string) => boolean;
  readonly #families = new Map<string, Set<string>>();
  readonly #boolean: Set<string>;
  readonly #string: Set<string>;
  readonly #collect: Set<string>;
  readonly #negatable: Set<string>;

  constructor(options: ParseOptions, looksLikeNumber: (text: string) => boolean) {
    this.#options = options;
    this.#looksLikeNumber = looksLikeNumber;
    this.allBoolean = options.boolean === true;
    for (const [name, others] of Object.entries(options.alias ?? {})) {
      const family = new Set([name, ...listOf(others)]);
      for (const member of family) this.#families.set(member, family);
    }
    this.#boolean = this.#withAliases(options.boolean);
    this.#string = this.#withAliases(options.string);
    this.#collect = this.#withAliases(options.collect);
    this.#negatable = this.#withAliases(options.negatable);
  }

  isBoolean(key: string): boolean {
    return this.#boolean.has(key);
  }

  isString(key: string): boolean {
    return this.#string.has(key);
  }

  isNegatable(key: string): boolean {
    return this.#negatable.has(key);
  }

  /** Sets an option under all its names. */
  set(key: string, value: unknown, argument: string, mode: "collect" | "replace" = "collect"): void {
    const known = this.#boolean.has(key) || this.#string.has(key) || this.#families.has(key) ||
      (this.allBoolean && /^--[^=]+$/.test(argument));
    if (!known && this.#options.unknown?.(argument, key, value) === false) return;
    const converted = typeof value === "string" && !this.#string.has(key) && this.#looksLikeNumber(value)
      ? Number(value)
      : value;
    for (const name of this.#namesOf(key)) {
      this.#store(name, converted, mode === "collect" && this.#collect.has(name));
    }
  }

  /** Adds an argument that is no option. */
  addPositional(argument: string): void {
    if (this.#options.unknown?.(argument) === false) return;
    const isNumber = !this.#string.has("_") && this.#looksLikeNumber(argument);
    this.values._.push(isNumber ? Number(argument) : argument);
  }

  /** Gives options that were not named their defaults; booleans are false, collected ones empty. */
  fillDefaults(): void {
    const defaults = Object.entries(this.#options.default ?? {});
    for (const [key, value] of defaults) {
      for (const name of this.#namesOf(key)) if (!this.#has(name)) this.#store(name, value, false);
    }
    for (const name of this.#boolean) {
      if (!this.#has(name)) this.#store(name, this.#collect.has(name) ? [] : false, false);
    }
    for (const name of this.#string) {
      if (!this.#has(name) && this.#collect.has(name)) this.#store(name, [], false);
    }
  }

  #namesOf(key: string): Iterable<string> {
    return this.#families.get(key) ?? [key];
  }

  #withAliases(names: string | readonly string[] | boolean | undefined): Set<string> {
    return new Set(listOf(names).flatMap((name) => [...this.#namesOf(name)]));
  }

  #has(key: string): boolean {
    let place: unknown = this.values;
    for (const part of pathOf(key) ?? []) {
      if (!isObject(place) || !Object.hasOwn(place, part)) return false;
      place = place[part];
    }
    return true;
  }

  #store(key: string, value: unknown, collect: boolean): void {
    const path = pathOf(key);
    const last = path?.pop();
    if (path === undefined || last === undefined) return;
    let place: Record<string, unknown> = this.values;
    for (const part of path) {
      const inner = Object.hasOwn(place, part) ? place[part] : undefined;
      place = isObject(inner) ? inner : place[part] = {};
    }
    const present = place[last];
    place[last] = !collect ? value : Array.isArray(present) ? [...present, value] : [value];
  }
}
