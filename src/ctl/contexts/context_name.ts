import type { ParsedArguments } from "../args/parsed.ts";
import { UsageError } from "../usage_error.ts";

/** The context given on a command line, if any. */
export function contextNameOf(args: ParsedArguments): string | undefined {
  const given = args.text("name");
  const [word] = args.positional;
  if (given !== undefined && word !== undefined && given !== word) {
    throw new UsageError(`Two contexts are named, "${given}" and "${word}": leave one out`);
  }
  return given ?? word;
}

/** The same, if it is required. */
export function requiredContextNameOf(args: ParsedArguments): string {
  const name = contextNameOf(args);
  if (name === undefined) throw new UsageError("Missing context: add its NAME");
  return name;
}

/** Rejects names that would be hard to type or to display. */
export function checkContextName(name: string): void {
  if (/^[\p{L}\p{N}_][\p{L}\p{N}_.@:/-]{0,99}$/u.test(name)) return;
  throw new UsageError(
    `Cannot use ${JSON.stringify(name)} as the name of a context: expected letters, digits and _ . @ : / -`,
  );
}
