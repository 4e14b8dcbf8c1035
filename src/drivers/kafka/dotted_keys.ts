import type { JsonObject, JsonValue } from "../../json.ts";

/**
 * Kafka's names have dots, which on a command line and in YAML may have become objects within objects:
 * `{ bootstrap: { servers: "a:9092" } }` stands for `{ "bootstrap.servers": "a:9092" }`. What stands under one of
 * `whole` stays as it is: the keys of a secret that was read as an object belong to the secret.
 */
export function withDottedKeys(document: JsonObject, whole: readonly string[] = []): JsonObject {
  const flat: JsonObject = {};
  const add = (prefix: string, value: JsonValue): void => {
    if (typeof value !== "object" || value === null || Array.isArray(value) || whole.includes(prefix)) {
      flat[prefix] = value;
      return;
    }
    for (const [key, inner] of Object.entries(value)) add(`${prefix}.${key}`, inner);
  };
  for (const [key, value] of Object.entries(document)) add(key, value);
  return flat;
}
