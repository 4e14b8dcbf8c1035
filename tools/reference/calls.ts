import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** An option of a call, as its type says. */
export interface CallOption {
  name: string;
  type: string;
  otherwise: string;
  meaning: string;
}

/** The options of calls: what they are of, and the interface that lists them. */
export const CALLS: readonly (readonly [call: string, file: string, type: string])[] = [
  ["topic.producer(name, options)", "src/producer/options.ts", "ProducerOptions"],
  ["producer.push(metadata, data, options)", "src/producer/options.ts", "PushOptions"],
  ["future.wait(timeoutMs, options)", "src/future.ts", "WaitOptions"],
  ["topic.consumer(name, options)", "src/consumer/options.ts", "ConsumerOptions"],
  ["consumer.events(options), batches, readable", "src/consumer/events_options.ts", "EventsOptions"],
  ["consumer.process(callback, options)", "src/consumer/process.ts", "ProcessOptions"],
  ["consumer.seek(position, options)", "src/consumer.ts", "SeekOptions"],
  ["topic.trim(request)", "src/trim_request.ts", "TrimRequest"],
  [
    "driver.createTopic(name, options, components), openTopic(name, components)",
    "src/driver.ts",
    "ComponentOptions",
  ],
  ["driver.draftTopic(name, definition, options)", "src/driver.ts", "DraftOptions"],
  ["driver.deleteTopic(name, options)", "src/contract.ts", "DeleteTopicOptions"],
];

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The members of an interface with what their comments say. */
export function optionsOfCall(file: string, type: string): CallOption[] {
  const tree = ts.createSourceFile(file, readFileSync(ROOT + file, "utf8"), ts.ScriptTarget.Latest, true);
  const found = tree.statements.find((one): one is ts.InterfaceDeclaration =>
    ts.isInterfaceDeclaration(one) && one.name.text === type
  );
  if (found === undefined) throw new Error(`no interface ${type} in ${file}`);
  return found.members.filter(ts.isPropertySignature).map((member) => {
    const comment = commentOf(member);
    const [meaning, otherwise = "none"] = splitDefault(comment);
    return { name: member.name.getText(tree), type: member.type?.getText(tree) ?? "", otherwise, meaning };
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

/** "What it does. Default: this." as the two. */
function splitDefault(comment: string): [string, string?] {
  const match = /^(.*?)\s*Default: (.*?)\.(?:\s+(.*))?$/.exec(comment);
  if (match === null) return [comment, /(`[^`]+`) \(default\)/.exec(comment)?.[1]];
  const [, before, value, after = ""] = match;
  return [`${before} ${after}`.trim(), value];
}
