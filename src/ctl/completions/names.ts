import { driverOptionsFrom, type Environment } from "../args/environment.ts";
import { parseCommandLine } from "../args/parse.ts";
import type { ParsedArguments } from "../args/parsed.ts";
import type { CommandSpec } from "../command.ts";
import { Console } from "../console/console.ts";
import type { Host } from "../console/host.ts";
import { openDriver } from "../connect.ts";
import { ContextFile } from "../contexts/file.ts";
import { resolveDriver } from "../contexts/resolve.ts";
import { EXIT } from "../exit_codes.ts";
import { findCommand } from "../find_command.ts";

/** An unreachable broker must not block a shell. */
const TIMEOUT_MS = 2000;

/**
 * Prints the names that complete a command line, one per line: the arguments are `topic`, `consumer` or `context`,
 * then the typed words. On errors it prints nothing: a shell has nowhere to show them.
 */
export async function completeNames(
  [kind = "", ...words]: readonly string[],
  host: Host,
): Promise<number> {
  const console = new Console(host, { level: "off", progress: false });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<string[]>((resolve) => timer = setTimeout(() => resolve([]), TIMEOUT_MS));
  const names = await Promise.race([namesOf(kind, words, console).catch(() => []), timeout]);
  clearTimeout(timer);
  // A name with a line break would appear as two.
  for (const name of names.filter((name) => !/\p{Cc}/u.test(name))) await console.out.line(name);
  await console.out.flush();
  return EXIT.ok;
}

async function namesOf(kind: string, words: readonly string[], console: Console): Promise<string[]> {
  if (kind === "context") return [...new ContextFile(console.environment).read().byName.keys()].sort();
  const found = findCommand(words);
  if ("group" in found) return [];
  const args = parsePrefix(found.command, found.rest, console.environment);
  await using driver = await openDriver({
    args,
    commands: [],
    console,
    signal: new AbortController().signal,
    storeMayBeMissing: false,
  });
  if (kind === "topic") return [...(await driver.listTopics()).keys()].sort();
  const topic = args.text("topic") ?? args.positional[0];
  if (kind !== "consumer" || topic === undefined) return [];
  await using opened = await driver.openTopic(topic);
  return await opened.consumers();
}

/** Parses the command line up to the option whose value is being typed. */
function parsePrefix(
  command: CommandSpec,
  words: readonly string[],
  environment: Environment,
): ParsedArguments {
  const fromVariable = driverOptionsFrom(environment);
  const parsed = (own: readonly string[]): ParsedArguments =>
    parseCommandLine([...fromVariable, ...own], command).withDocument(
      "driver",
      resolveDriver(parseCommandLine(own, command), parseCommandLine(fromVariable, command), environment),
    );
  try {
    return parsed(words);
  } catch {
    return parsed(words.slice(0, -1));
  }
}
