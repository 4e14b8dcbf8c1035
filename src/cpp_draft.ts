import type { JsonObject, JsonValue } from "./json.ts";

/** What the C++ library reads every schema by, whatever it names. */
export const CPP_DRAFT = "draft-07";

/** A validator's document of the C++ library as it is read here: a schema that names no draft means draft 07 there. */
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
