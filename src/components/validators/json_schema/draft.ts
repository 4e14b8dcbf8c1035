/**
 * Determines the draft of JSON Schema of a schema.
 *
 * @module
 */
import type { JsonObject, JsonValue } from "../../../json.ts";
import { mapSchemas } from "./subschemas.ts";
import { InvalidOptionError } from "../../../errors.ts";

/** The supported drafts. */
const DRAFTS: readonly SchemaDraft[] = ["2020-12", "2019-09", "draft-07", "draft-06", "draft-04"];

/** One of them. */
export type SchemaDraft = "2020-12" | "2019-09" | "draft-07" | "draft-06" | "draft-04";

const KNOWN = `known drafts are ${DRAFTS.map((name) => `"${name}"`).join(", ")}`;

/**
 * The draft declared by `$schema`, or `orElse` if the declared one is not supported; without `orElse` that throws.
 * Without `$schema`: `orElse`, by default 2020-12, or draft-07 if `items` is a list, which 2020-12 does not allow.
 */
export function draftOf(schema: JsonObject | boolean, orElse?: SchemaDraft): SchemaDraft {
  const declared = typeof schema === "boolean" ? undefined : schema.$schema;
  if (declared === undefined) return orElse ?? (hasTuple(schema) ? "draft-07" : "2020-12");
  const draft = namedDraft(declared) ?? orElse;
  if (draft === undefined) throw wrongSchema(`${KNOWN}, found "$schema": ${JSON.stringify(declared)}`);
  return draft;
}

/** The draft that a `$schema` declares. The URL without a draft meant the newest one, of which 07 was the last. */
function namedDraft(declared: JsonValue): SchemaDraft | undefined {
  if (typeof declared !== "string") return undefined;
  const match = /^https?:\/\/json-schema\.org\/(?:(?:draft\/)?([^/]+)\/)?schema#?$/.exec(declared);
  return match === null ? undefined : DRAFTS.find((name) => name === (match[1] ?? "draft-07"));
}

/** The draft named in a document; throws if it is not supported. */
export function checkDraft(draft: unknown): SchemaDraft | undefined {
  if (draft === undefined) return undefined;
  const known = DRAFTS.find((name) => name === draft);
  if (known === undefined) throw wrongSchema(`${KNOWN}, found "draft": ${JSON.stringify(draft)}`);
  return known;
}

function hasTuple(schema: JsonObject | boolean): boolean {
  let found = false;
  mapSchemas(schema, (inner) => {
    found ||= Array.isArray(inner.items);
    return inner;
  });
  return found;
}

/** A draft-04 schema converted to draft-07. */
export function fromDraft04(schema: JsonObject | boolean): JsonObject | boolean {
  return mapSchemas(schema, ({ id, exclusiveMinimum, exclusiveMaximum, ...others }) => {
    const changed: JsonObject = others;
    if (typeof id === "string") changed.$id = id;
    exclude(changed, "minimum", "exclusiveMinimum", exclusiveMinimum);
    exclude(changed, "maximum", "exclusiveMaximum", exclusiveMaximum);
    return changed;
  });
}

/** In draft-04 `exclusiveMinimum` is a boolean next to `minimum`, later a number in place of it. */
function exclude(
  schema: JsonObject,
  limit: "minimum" | "maximum",
  exclusive: "exclusiveMinimum" | "exclusiveMaximum",
  value: JsonValue | undefined,
): void {
  if (value === true && schema[limit] !== undefined) {
    schema[exclusive] = schema[limit];
    delete schema[limit];
  } else if (value !== undefined && typeof value !== "boolean") {
    schema[exclusive] = value;
  }
}

/** The error for an invalid schema. */
export function wrongSchema(detail: string, cause?: unknown): InvalidOptionError {
  return new InvalidOptionError("schema", `Cannot compile JSON schema: ${detail}`, { cause });
}
