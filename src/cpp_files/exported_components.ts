/**
 * The component documents of a topic, in the form the C++ library reads.
 *
 * @module
 */
import { cppDifferences } from "../components/validators/event_pattern/cpp_differences.ts";
import { cppPatternRefusals } from "../components/validators/event_pattern/cpp_refusals.ts";
import { cppSchemaDifferences, cppSchemaRefusals } from "../components/validators/json_schema/cpp_schema.ts";
import type { ComponentDocument } from "../contract.ts";
import type { Topic } from "../topic.ts";
import { canonicalJson } from "./canonical_json.ts";
import { withoutDraft } from "./components.ts";
import { COMPONENT_FILES, type Components } from "./layout.ts";

type Kind = keyof Components;

/** Component types built into the C++ library. */
const KNOWN_TYPES: Readonly<Record<Kind, readonly string[]>> = {
  validator: ["default", "schema", "eventbridge"],
  serializer: ["default", "schema"],
  partitionSelector: ["default"],
};

/** A component's document for C++; warns about what C++ does not have, cannot read, or interprets differently. */
export function componentText(topic: Topic, kind: Kind, onWarning?: (text: string) => void): string {
  const own: ComponentDocument = withoutDraft(topic.definition[kind]);
  const name = `${COMPONENT_FILES[kind].slice(0, -5)} "${own.type}"`;
  const replaced = (why: string): string => {
    onWarning?.(`${why}: the default one takes its place`);
    return canonicalJson(JSON.stringify({ type: "default" }), 2);
  };
  if (!KNOWN_TYPES[kind].includes(own.type)) return replaced(`C++ has no ${name}`);
  const document = toCppDocument(own);
  const refusals = refusalsOf(document);
  if (refusals.length > 0) return replaced(`C++ cannot read ${name}, which has ${refusals.join("; ")}`);
  for (const difference of differencesOf(kind, document)) onWarning?.(difference(name));
  return canonicalJson(JSON.stringify(document), 2);
}

/** C++ stores the pattern under `schema`. */
function toCppDocument(document: ComponentDocument): ComponentDocument {
  if (document.type !== "eventbridge" || document.pattern === undefined) return document;
  const { pattern, ...others } = document;
  return { ...others, type: document.type, schema: pattern };
}

function refusalsOf({ type, schema = {} }: ComponentDocument): string[] {
  if (type === "schema") return cppSchemaRefusals(schema);
  return type === "eventbridge" ? cppPatternRefusals(schema) : [];
}

/** Only validators give different results: the serializer `schema` writes JSON text in both. */
function differencesOf(kind: Kind, { type, schema = {} }: ComponentDocument): ((name: string) => string)[] {
  if (kind !== "validator") return [];
  if (type === "eventbridge") {
    return cppDifferences(schema).map((text) => (name) =>
      `C++ does not accept the same events as ${name} does here: ${text}`
    );
  }
  if (type !== "schema") return [];
  return cppSchemaDifferences(schema).map((text) => (name) => `C++ reads ${name} by draft 07: ${text} there`);
}
