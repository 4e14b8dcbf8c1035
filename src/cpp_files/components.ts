/**
 * The component documents of a topic of C++, and what they mean here.
 *
 * @module
 */
import { CPP_DRAFT, withCppDraft } from "../cpp_draft.ts";
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

/** What takes another component on the command line. */
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

/** A component document as the C++ library takes it. */
export interface CppComponent {
  /** What it describes; undefined where the C++ library takes it for none either, or it is code of C++. */
  document?: ComponentDocument;
  /** What is wrong with it here; undefined when there is a document. */
  obstacle?: string;
  /** Whether it names a type: one that does not stands for the default component. */
  hasType: boolean;
}

/** Reads a component document of the topic in a folder. */
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

/** A document as the C++ library had it. */
export function withoutDraft(document: ComponentDocument): ComponentDocument {
  if (document.type !== "schema" || document.draft !== CPP_DRAFT) return document;
  const { draft: _, ...others } = document;
  return { ...others, type: document.type };
}

/** What a new topic is made with. */
export interface ComponentsRequest {
  driver: Driver;
  /** Folder of the topic of C++. */
  folder: string;
  /** Name of the topic it becomes. */
  into: string;
  /** Components that take the place of those of C++. */
  given: ComponentOptions;
  onWarning: ((text: string) => void) | undefined;
}

/**
 * The documents of a topic of C++ in whose place nothing was given. Throws `InvalidOptionError` for those that mean
 * nothing here: it names each, and the options that take another one.
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

/** What is wrong in a document of a component that there is. */
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

/** Names the verdicts of a validator that are not those of C++. */
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
