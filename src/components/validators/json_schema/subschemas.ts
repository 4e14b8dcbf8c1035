import type { JsonObject, JsonValue } from "../../../json.ts";
import { pointerStep } from "../../../text/json_pointer.ts";

/** Keywords with a schema, or with a list of schemas. */
const WITH_SCHEMAS: ReadonlySet<string> = new Set([
  "additionalItems",
  "additionalProperties",
  "allOf",
  "anyOf",
  "contains",
  "else",
  "if",
  "items",
  "not",
  "oneOf",
  "prefixItems",
  "propertyNames",
  "then",
  "unevaluatedItems",
  "unevaluatedProperties",
]);

/** Keywords with an object whose members are schemas; `dependencies` may also have lists of names. */
const WITH_NAMED_SCHEMAS: ReadonlySet<string> = new Set([
  "$defs",
  "definitions",
  "dependencies",
  "dependentSchemas",
  "patternProperties",
  "properties",
]);

/** A copy of a schema in which `change` was applied to every subschema, inner ones first, and to itself. */
export function mapSchemas<S extends JsonValue>(schema: S, change: (schema: JsonObject) => JsonObject): S {
  if (Array.isArray(schema)) return schema.map((inner) => mapSchemas(inner, change)) as JsonValue as S;
  if (typeof schema !== "object" || schema === null) return schema;
  const copy = mapMembers(schema as JsonObject, (key, value) => {
    if (WITH_SCHEMAS.has(key)) return mapSchemas(value, change);
    const isMap = WITH_NAMED_SCHEMAS.has(key) && typeof value === "object" && value !== null &&
      !Array.isArray(value);
    return isMap
      ? mapMembers(value, (_, inner) => Array.isArray(inner) ? inner : mapSchemas(inner, change))
      : value;
  });
  return change(copy) as JsonValue as S;
}

function mapMembers(object: JsonObject, map: (key: string, value: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(key, value)]));
}

/** Calls back with a schema and all its subschemas, outer ones first, and the JSON pointer to each. */
export function forEachSchema(
  schema: JsonValue,
  visit: (schema: JsonObject, path: string) => void,
  path = "",
): void {
  if (Array.isArray(schema)) {
    schema.forEach((inner, index) => forEachSchema(inner, visit, `${path}/${index}`));
    return;
  }
  if (typeof schema !== "object" || schema === null) return;
  visit(schema as JsonObject, path);
  for (const [key, value] of Object.entries(schema)) {
    const at = path + pointerStep(key);
    if (WITH_SCHEMAS.has(key)) forEachSchema(value, visit, at);
    const isMap = WITH_NAMED_SCHEMAS.has(key) && typeof value === "object" && value !== null &&
      !Array.isArray(value);
    if (!isMap) continue;
    for (const [name, inner] of Object.entries(value)) {
      if (!Array.isArray(inner)) forEachSchema(inner, visit, at + pointerStep(name));
    }
  }
}
