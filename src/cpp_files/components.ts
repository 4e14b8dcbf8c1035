/**
 * The component documents of a C++ topic, and their meaning here.
 *
 * @module
 */
import { CPP_DRAFT, withCppDraft } from "../contract/cpp_draft.ts";
import { makePartitionSelector, makeSerializer, makeValidator } from "../components/mod.ts";
import { cppDifferences } from "../components/validators/event_pattern/cpp_differences.ts";
import type { ComponentOptions, Driver } from "../driver.ts";
import type { ComponentDocument } from "../contract.ts";
import { DOCUMENT_BYTES_MAX } from "../drivers/files/layout.ts";
import { InvalidOptionError } from "../errors.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import { nodeStorage } from "../storage/node.ts";
import { COMPONENT_FILES, type Components } from "./layout.ts";

type Kind = keyof Components;

const KINDS: readonly Kind[] = ["validator", "partitionSelector", "serializer"];

/** Command line options that replace a component. */
const FLAGS: Readonly<Record<Kind, string>> = {
  validator: "--validator default",
  partitionSelector: "--partition-selector default",
  serializer: "--serializer NAME:MODULE",
};

const MAKERS = {
  validator: makeValidator,
  partitionSelector: makePartitionSelector,
  serializer: makeSerializer,
};

/** A component document, as the C++ library interprets it. */
export interface CppComponent {
  /** The document; undefined if the C++ library ignores it too, or it is C++ code. */
  document?: ComponentDocument;
  /** Why it cannot be used here; undefined if there is a document. */
  obstacle?: string;
  /** Whether it names a type: one without a type means the default component. */
  hasType: boolean;
}

/** Reads a component document in a topic's folder. */
export function readComponent(folder: string, kind: Kind): CppComponent {
  const path = `${folder}/${COMPONENT_FILES[kind]}`;
  const bytes = nodeStorage.readWhole(path, DOCUMENT_BYTES_MAX + 1);
  if (bytes === undefined) return { document: { type: "default" }, hasType: false };
  if (bytes.length > DOCUMENT_BYTES_MAX) {
    return { obstacle: `"${path}" has more than ${DOCUMENT_BYTES_MAX} bytes`, hasType: false };
  }
  let found: JsonValue;
  try {
    found = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return { obstacle: `"${path}" is not JSON`, hasType: false };
  }
  const isNothing = found === null || (Array.isArray(found) && found.length === 0);
  if (isNothing) return { document: { type: "default" }, hasType: false };
  if (typeof found !== "object" || Array.isArray(found)) {
    return { obstacle: `"${path}" is not a JSON object`, hasType: false };
  }
  const { type, ...others } = found as JsonObject;
  if (type === undefined) return { document: { ...others, type: "default" }, hasType: false };
  if (typeof type !== "string") {
    return { obstacle: `"${path}" has a "type" that is not a text`, hasType: true };
  }
  if (type.includes(":")) {
    const name = COMPONENT_FILES[kind].slice(0, -5).replace("-", " ");
    return { obstacle: `${name} "${type}" in "${path}" is code of C++, which is not loaded`, hasType: true };
  }
  const document = { ...others, type };
  return { document: kind === "validator" ? withCppDraft(document) : document, hasType: true };
}

/** A document as it was in the C++ store. */
export function withoutDraft(document: ComponentDocument): ComponentDocument {
  if (document.type !== "schema" || document.draft !== CPP_DRAFT) return document;
  const { draft: _, ...others } = document;
  return { ...others, type: document.type };
}

/** What is needed to create a new topic. */
interface ComponentsRequest {
  driver: Driver;
  /** Folder of the C++ topic. */
  folder: string;
  /** Name of the new topic. */
  into: string;
  /** Components that replace those of the C++ topic. */
  given: ComponentOptions;
  onWarning: ((text: string) => void) | undefined;
}

/**
 * The documents of a C++ topic, except those that are replaced. Throws `InvalidOptionError` for those that cannot
 * be used here: it names each, and the options to replace it.
 */
export async function importedComponents(request: ComponentsRequest): Promise<Partial<Components>> {
  const { driver, folder, into, given, onWarning } = request;
  const documents: Partial<Components> = {};
  const obstacles: Partial<Record<Kind, string>> = {};
  for (const kind of KINDS) {
    if (given[kind] !== undefined) continue;
    const { document, obstacle } = readComponent(folder, kind);
    if (document !== undefined) documents[kind] = document;
    else if (obstacle !== undefined) obstacles[kind] = obstacle;
  }
  const type = "default";
  const found = driver.obstaclesOf(into, {
    validator: { type },
    partitionSelector: { type },
    serializer: { type },
    ...documents,
    options: {},
  });
  for (const kind of KINDS) {
    const fault = found[kind]?.message ?? await faultOf(kind, documents[kind]);
    if (fault !== undefined) obstacles[kind] ??= `${fault} (in "${folder}/${COMPONENT_FILES[kind]}")`;
  }
  const kinds = KINDS.filter((kind) => obstacles[kind] !== undefined);
  if (kinds.length > 0) throw foreignComponents(into, kinds, obstacles, Object.values(found)[0]);
  warnOfDifferences(into, documents, onWarning);
  return documents;
}

/** What is wrong in the document of a built-in or registered component. */
async function faultOf(kind: Kind, document: ComponentDocument | undefined): Promise<string | undefined> {
  if (document === undefined) return undefined;
  try {
    await MAKERS[kind](document);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidOptionError) return error.message;
    throw error;
  }
}

function foreignComponents(
  topic: string,
  kinds: readonly Kind[],
  obstacles: Partial<Record<Kind, string>>,
  cause?: unknown,
): InvalidOptionError {
  const flags = kinds.map((kind) => FLAGS[kind]).join(" ");
  const module = kinds.includes("serializer") ? ", a module that reads the metadata it wrote" : "";
  return new InvalidOptionError(
    "components",
    `Cannot make topic "${topic}" as it is in C++: ${kinds.map((kind) => obstacles[kind]).join("; ")}; ` +
      `import it with ${flags}${module} ("components" in a program)`,
    { cause },
  );
}

/** Warns about validators whose results differ from those of C++. */
function warnOfDifferences(
  topic: string,
  { validator }: Partial<Components>,
  onWarning?: (text: string) => void,
): void {
  if (validator?.type !== "eventbridge") return;
  for (const difference of cppDifferences(validator.pattern ?? validator.schema ?? {})) {
    onWarning?.(`Validator "eventbridge" of topic "${topic}" answers as Amazon does: ${difference}`);
  }
}
