import type { JsonObject, JsonValue } from "../json.ts";

/** The draft by which the C++ library reads every schema, whatever the schema declares. */
export const CPP_DRAFT = "draft-07";

/**
 * A validator document written by the C++ library, as we read it: there, a schema that declares no draft is draft
 * 07.
 */
export function withCppDraft<D extends JsonObject>(document: D): D {
  const { type, schema } = document;
  const isSchema = type === "schema" && typeof schema === "object" && schema !== null &&
    !Array.isArray(schema);
  if (!isSchema || isKnownDraft(schema.$schema)) return document;
  return { ...document, draft: CPP_DRAFT };
}

function isKnownDraft(declared: JsonValue | undefined): boolean {
  return typeof declared === "string" && /^https?:\/\/json-schema\.org\/draft/.test(declared);
}
