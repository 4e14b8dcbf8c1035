import { walkSync } from "@std/fs/walk";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** An option of a call, from its type. */
export interface CallOption {
  name: string;
  type: string;
  otherwise: string;
  meaning: string;
}

/** The options of calls: a title, and the interface that lists them. */
export const CALLS: readonly (readonly [call: string, type: string])[] = [
  ["topic.producer(name, options)", "ProducerOptions"],
  ["producer.push(metadata, data, options)", "PushOptions"],
  ["future.wait(timeoutMs, options)", "WaitOptions"],
  ["topic.consumer(name, options)", "ConsumerOptions"],
  ["consumer.events(options), batches, readable", "EventsOptions"],
  ["consumer.process(callback, options)", "ProcessOptions"],
  ["consumer.seek(position, options)", "SeekOptions"],
  ["topic.trim(request)", "TrimRequest"],
  ["driver.createTopic(name, options, components), openTopic(name, components)", "ComponentOptions"],
  ["driver.draftTopic(name, definition, options)", "DraftOptions"],
  ["driver.deleteTopic(name, options)", "DeleteTopicOptions"],
];

const SOURCE = fileURLToPath(new URL("../../src", import.meta.url));

/** The members of an exported interface, wherever it is defined, with their doc comments. */
export function optionsOfCall(type: string): CallOption[] {
  const start = `export interface ${type}`;
  const file = [...walkSync(SOURCE, { exts: ["ts"] })].map(({ path }) => path)
    .find((path) => new RegExp(`^${start}\\b`, "m").test(readFileSync(path, "utf8")));
  if (file === undefined) throw new Error(`no interface ${type} in src`);
  const tree = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const found = tree.statements.find((one): one is ts.InterfaceDeclaration =>
    ts.isInterfaceDeclaration(one) && one.name.text === type
  )!;
  return found.members.filter(ts.isPropertySignature).map((member) => {
    const comment = commentOf(member);
    const [meaning, otherwise = "none"] = splitDefault(comment);
    // "May be undefined" means the same as "may be missing".
    const type = (member.type?.getText(tree) ?? "").replace(/ \| undefined$/, "")
      .replace(/^\((\(.* => .*)\)$/, "$1");
    return { name: member.name.getText(tree), type, otherwise, meaning };
  });
}

function commentOf(member: ts.PropertySignature): string {
  const [doc] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
  const text = ts.getTextOfJSDocComment(doc?.comment) ?? "";
  const deprecated = ts.getJSDocDeprecatedTag(member);
  const why = deprecated === undefined
    ? ""
    : `Deprecated. ${ts.getTextOfJSDocComment(deprecated.comment) ?? ""}`;
  return `${text} ${why}`.replaceAll(/\{@linkcode ([^}]+)\}/g, "`$1`").replaceAll(/\s+/g, " ").trim();
}

/** Splits "What it does. Default: this." into its two parts. */
function splitDefault(comment: string): [string, string?] {
  const match = /^(.*?)\s*Default: (.*?)\.(?:\s+(.*))?$/.exec(comment);
  if (match === null) return [comment, /(`[^`]+`) \(default\)/.exec(comment)?.[1]];
  const [, before, value, after = ""] = match;
  return [`${before} ${after}`.trim(), value];
}
