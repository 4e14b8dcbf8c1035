import type { TemplateResult } from "lit-html";
import type { StoreView } from "../../src/ui/contract.ts";
import { topicWords } from "../command_line.ts";
import type { EventAddress } from "../event_address.ts";
import { idOf } from "../event_start.ts";
import { readyCommands } from "../ready_commands.ts";
import { wantedOrNothing } from "../shorthand.ts";

/** A search for events as commands. */
export function eventCommands(
  topic: string,
  { partition, start, filter }: EventAddress,
  { words }: StoreView,
): TemplateResult {
  const { filter: pattern, text } = wantedOrNothing(filter);
  const grep = text === undefined ? [] : ["grep", "-iF", "--", text];
  const consume = [
    ...["consume", ...topicWords(topic)],
    ...(partition === undefined ? [] : ["--partition", String(partition)]),
    ...(pattern === undefined ? [] : ["--filter", pattern]),
  ];
  const from = start === "" ? [] : ["--from", String(idOf(start) ?? `@${start.replace(/^@/, "")}`)];
  return readyCommands("The same in a shell", [
    ["Print them", [...consume, ...from], grep],
    ["Follow new events", [...consume, "--from", "latest", "--follow"], grep],
    ["Add events, a line each", ["produce", ...topicWords(topic)]],
  ], words);
}
