import { InvalidOptionError } from "../../../errors.ts";
import { isObject, type JsonObject, type JsonValue } from "../../../json.ts";
import { checkOptions, invalidOption } from "../../../options.ts";
import { isSecret } from "../../../secrets.ts";
import { HONOURED, type HonouredProperty, PROPERTIES, type PropertyKind, REFUSED } from "./property_table.ts";

const OWNER = "kafka";
const SECRETS = PROPERTIES.filter((name) => isSecret(name));

/** The given properties by canonical name, each with its type. */
export class Properties {
  readonly #values = new Map<string, JsonValue>();
  /** Accepted properties of the C++ library that have no effect here. */
  readonly ineffective: string[] = [];

  /** Throws `InvalidOptionError` for a property that librdkafka does not have, or that cannot be supported. */
  constructor(document: JsonValue | undefined) {
    const properties = isObject(document) ? withDottedKeys(document, SECRETS) : document;
    checkOptions(OWNER, properties, PROPERTIES);
    for (const [name, value] of Object.entries(properties as JsonObject)) {
      const refusal = REFUSED[name];
      if (refusal !== undefined) {
        throw new InvalidOptionError(name, `Cannot use kafka option "${name}": ${refusal}; leave it out`);
      }
      const honoured = HONOURED[name];
      if (honoured === undefined) this.ineffective.push(name);
      else this.#read(name, honoured, value);
    }
  }

  /** The canonical names of those that have an effect. */
  get names(): string[] {
    return [...this.#values.keys()];
  }

  /** Whether it is given. */
  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** A string, if given. */
  text(name: string): string | undefined {
    return this.#values.get(name) as string | undefined;
  }

  /** A number, or its default. */
  number(name: string, otherwise: number): number {
    return (this.#values.get(name) as number | undefined) ?? otherwise;
  }

  /** `true` or `false`, or its default. */
  flag(name: string, otherwise: boolean): boolean {
    return (this.#values.get(name) as boolean | undefined) ?? otherwise;
  }

  /** A list of strings. */
  list(name: string): string[] | undefined {
    return this.#values.get(name) as string[] | undefined;
  }

  #read(name: string, { alias, kind }: HonouredProperty, value: JsonValue): void {
    const read = KINDS[kind.type](value, kind);
    if (read === undefined) throw invalidOption(OWNER, name, value, expectedOf(kind));
    const first = alias ?? name;
    if (this.#values.has(first)) {
      throw new InvalidOptionError(name, `Cannot use kafka option "${name}": "${first}" is given as well`);
    }
    this.#values.set(first, read);
  }
}

/** How to parse each kind; librdkafka accepts every value as a string, so strings are accepted here too. */
const KINDS: Record<PropertyKind["type"], (value: JsonValue, kind: PropertyKind) => JsonValue | undefined> = {
  text: (value) => typeof value === "string" && value !== "" ? value : undefined,
  flag(value) {
    const text = String(value).toLowerCase();
    return text === "true" || text === "1" ? true : text === "false" || text === "0" ? false : undefined;
  },
  number(value, { minimum = 0, maximum = 2_147_483_647 }) {
    if (typeof value !== "number" && (typeof value !== "string" || value.trim() === "")) return undefined;
    const number = Number(value);
    return Number.isInteger(number) && number >= minimum && number <= maximum ? number : undefined;
  },
  word(value, { words = [] }) {
    return words.find((word) => word.toLowerCase() === String(value).toLowerCase());
  },
  list(value) {
    const items = typeof value === "string"
      ? value.split(",").map((item) => item.trim()).filter((item) => item !== "")
      : value;
    const isList = Array.isArray(items) && items.length > 0 &&
      items.every((item) => typeof item === "string" && item !== "");
    return isList ? items : undefined;
  },
};

function expectedOf(
  { type, minimum = 0, maximum = 2_147_483_647, words = [], reason }: PropertyKind,
): string {
  if (reason !== undefined) {
    return `${words.map((word) => JSON.stringify(word)).join(" or ")}, since ${reason}`;
  }
  if (type === "number") return `a whole number from ${minimum} to ${maximum}`;
  if (type === "word") return `one of ${words.map((word) => JSON.stringify(word)).join(", ")}`;
  return type === "flag" ? "true or false" : type === "list" ? "text, or a list of texts" : "text";
}

/**
 * Kafka's names have dots, which command lines and YAML may turn into nested objects: `{ bootstrap: { servers:
 * "a:9092" } }` means `{ "bootstrap.servers": "a:9092" }`. Objects under a name in `whole` are kept: their keys
 * belong to a secret given as an object.
 */
export function withDottedKeys(document: JsonObject, whole: readonly string[] = []): JsonObject {
  const flat: JsonObject = {};
  const add = (prefix: string, value: JsonValue): void => {
    if (!isObject(value) || Object.keys(value).length === 0 || whole.includes(prefix)) {
      flat[prefix] = value;
      return;
    }
    for (const [key, inner] of Object.entries(value)) add(`${prefix}.${key}`, inner);
  };
  for (const [key, value] of Object.entries(document)) add(key, value);
  return flat;
}
