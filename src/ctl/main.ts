/**
 * `diaspora-ctl`: from a command line to an exit code. Modules not needed for the given command are not loaded, so
 * that `--help` and completion respond at once.
 *
 * @module
 */
import type { Environment } from "./args/environment.ts";
import type { ParsedArguments } from "./args/parsed.ts";
import type { CommandSpec, Invocation } from "./command.ts";
import { Console } from "./console/console.ts";
import { type Host, processHost } from "./console/host.ts";
import type { LogLevel } from "./console/log.ts";
import { BrokenPipeError } from "./console/output.ts";
import { EXIT } from "./exit_codes.ts";
import { findCommand, wordsAfter } from "./find_command.ts";
import { exitCodeOf, reportError } from "./report.ts";
import { COMMANDS } from "./table/mod.ts";
import { UsageError } from "./usage_error.ts";

/** Called by completion scripts for names in the store. */
const COMPLETE = "__complete";

/**
 * Runs one command line (without the program's name) and returns the exit code. With a host other than this
 * process, several may run at the same time.
 *
 * @example
 * ```ts ignore
 * process.exit(await main(process.argv.slice(2)));
 * ```
 */
export async function main(argv: readonly string[], host: Host = processHost): Promise<number> {
  const json = beforeDashes(argv).includes("--json");
  const plainConsole = new Console(host, { level: "info", progress: false, json });
  try {
    return await dispatch(argv, host, plainConsole);
  } catch (error) {
    if (error instanceof BrokenPipeError) return EXIT.ok;
    reportError(error, plainConsole.log);
    return exitCodeOf(error);
  }
}

async function dispatch(argv: readonly string[], host: Host, console: Console): Promise<number> {
  const width = console.out.columns;
  const words = argv[0] === "help" ? [...argv.slice(1), "--help"] : argv;
  if (words.length === 0 || words[0] === "--help" || words[0] === "-h") {
    const { overviewText } = await import("./help/text.ts");
    if (words.length > 0) return await print(console, overviewText(console.paint, { width }));
    host.error.write(overviewText(console.paint));
    return EXIT.usage;
  }
  if (words[0] === "--version" || words[0] === "-V") {
    const { VERSION } = await import("./program.ts");
    return await print(console, `diaspora-ctl ${VERSION}\n`);
  }
  if (words[0] === COMPLETE) {
    const { completeNames } = await import("./completions/names.ts");
    return await completeNames(words.slice(1), host);
  }
  const found = findCommand(words);
  if ("group" in found) {
    const { overviewText } = await import("./help/text.ts");
    const name = found.group.join(" ");
    if (words.includes("--help") || words.includes("-h")) {
      return await print(console, overviewText(console.paint, { group: found.group, width }));
    }
    throw new UsageError(`"${name}" needs a second word: ${wordsAfter(name)}`);
  }
  return await runCommand(found.command, found.rest, host, console);
}

/** The command line with the environment's options first, and the driver given by both and the contexts. */
async function withResolvedDriver(
  fromVariable: readonly string[],
  words: readonly string[],
  command: CommandSpec,
  environment: Environment,
): Promise<ParsedArguments> {
  const { parseCommandLine } = await import("./args/parse.ts");
  const { resolveDriver } = await import("./contexts/resolve.ts");
  const resolved = resolveDriver(
    parseCommandLine(words, command),
    parseCommandLine(fromVariable, command),
    environment,
  );
  return parseCommandLine([...fromVariable, ...words], command).withDocument("driver", resolved);
}

/** The words of a command line among which options are. */
function beforeDashes(words: readonly string[]): readonly string[] {
  return words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
}

async function print(console: Console, text: string): Promise<number> {
  await console.out.painted(text);
  await console.out.flush();
  return EXIT.ok;
}

async function runCommand(
  command: CommandSpec,
  words: readonly string[],
  host: Host,
  plain: Console,
): Promise<number> {
  const ownWords = beforeDashes(words);
  if (ownWords.includes("--help") || ownWords.includes("-h")) {
    const { commandText } = await import("./help/text.ts");
    return await print(plain, commandText(command, plain.paint, plain.out.columns));
  }
  const { parseCommandLine, checkRequired } = await import("./args/parse.ts");
  const { driverOptionsFrom } = await import("./args/environment.ts");
  const { environment } = host;
  const usesDriver = command.options.some((option) => option.name === "driver");
  const args = usesDriver
    ? await withResolvedDriver(driverOptionsFrom(environment), words, command, environment)
    : parseCommandLine(words, command);
  checkRequired(args, command);
  const console = new Console(host, {
    level: (args.text("logging") ?? "info") as LogLevel,
    colour: args.maybeFlag("color"),
    progress: args.maybeFlag("progress") ?? true,
    json: args.flag("json"),
  });
  const { signal, dispose } = host.watchSignals();
  const limit = console.out.stopWith(signal);
  const storeMayBeMissing = command.makesStore === true || args.flag("if-exists");
  const invocation: Invocation = { args, commands: COMMANDS, console, signal, storeMayBeMissing };
  try {
    const { run } = await command.load();
    const code = await run(invocation);
    await console.out.flush();
    return code ?? (signal.aborted ? EXIT.interrupted : EXIT.ok);
  } catch (error) {
    if (error instanceof BrokenPipeError) return signal.aborted ? EXIT.interrupted : EXIT.ok;
    // Output printed before the error must appear before it.
    await console.out.flush().catch(() => {});
    if (signal.aborted && (error as Error).name === "AbortError") return EXIT.interrupted;
    const { withNearestTopic } = await import("./connect.ts");
    reportError(await withNearestTopic(error, invocation), console.log);
    return exitCodeOf(error);
  } finally {
    limit[Symbol.dispose]();
    dispose();
  }
}
