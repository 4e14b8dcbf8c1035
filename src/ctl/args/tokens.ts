import { maskedText } from "../../secrets.ts";
import type { OptionSpec } from "../command.ts";
import { UsageError } from "../usage_error.ts";
import { nearestName } from "../../options.ts";

/** A tokenized command line, with every option paired with its value. */
export interface Tokens {
  /** Options in order, by long name; a flag is set or not. */
  options: { name: string; value: string | boolean }[];
  /** `--X.KEY VALUE`, in order. */
  keys: { option: string; prefix: string; key: string; value: string }[];
  positional: string[];
}

/** The options that a command accepts, including those for its documents (`--X-config`). */
export function acceptedOptions(specs: readonly OptionSpec[]): OptionSpec[] {
  return specs.flatMap((spec): OptionSpec[] => {
    if (spec.kind !== "document" && spec.kind !== "keys") return [spec];
    const config: OptionSpec = {
      name: `${spec.name}-config`,
      ...(spec.configShort === undefined ? {} : { short: spec.configShort }),
      kind: "file",
      value: "FILE",
      describe: `Read --${spec.name} options from a JSON file; the command line overrides it`,
      ...(spec.hidden === undefined ? {} : { hidden: spec.hidden }),
    };
    return [spec, config];
  });
}

/**
 * Splits a command line into options, values and words. An option that takes a value consumes the next word
 * (`--from -5`), like the C++ tool, unless it is an option of the command; `--name=--yes` gives even such a value.
 */
export function tokenize(argv: readonly string[], specs: readonly OptionSpec[]): Tokens {
  const accepted = acceptedOptions(specs);
  const tokens: Tokens = { options: [], keys: [], positional: [] };
  const words = argv.values();
  for (const word of words) {
    if (word === "--") {
      tokens.positional.push(...words);
      break;
    }
    if (word === "-" || !word.startsWith("-")) {
      tokens.positional.push(word);
      continue;
    }
    const equals = word.indexOf("=");
    const option = equals < 0 ? word : word.slice(0, equals);
    const value = equals < 0 ? undefined : word.slice(equals + 1);
    const takeValue = (shown: string): string => {
      if (value !== undefined) return value;
      const next = words.next().value;
      // An unset variable of a shell leaves no word: `--name $TOPIC --yes`.
      if (next === undefined || accepted.flatMap(spellings).includes(next)) {
        throw new UsageError(`Option "${option}" needs a value: ${option} ${shown}`);
      }
      return next;
    };
    if (!option.startsWith("--")) {
      addShort(option, accepted, tokens, takeValue);
      continue;
    }
    const dot = option.indexOf(".");
    if (dot > 0) {
      const prefix = option.slice(2, dot);
      const known = accepted.filter((spec) => spec.kind === "document" || spec.kind === "keys");
      if (!known.some((spec) => spec.name === prefix)) {
        throw unknownOption(option, known.map((spec) => `--${spec.name}${option.slice(dot)}`));
      }
      tokens.keys.push({ option, prefix, key: option.slice(dot + 1), value: takeValue("VALUE") });
      continue;
    }
    addLong(option, value, accepted, tokens, takeValue);
  }
  return tokens;
}

function addLong(
  option: string,
  value: string | undefined,
  accepted: readonly OptionSpec[],
  tokens: Tokens,
  takeValue: (shown: string) => string,
): void {
  const name = option.slice(2);
  const spec = accepted.find((spec) => spec.name === name && spec.kind !== "keys");
  if (spec !== undefined && spec.kind !== "flag") {
    tokens.options.push({ name, value: takeValue(spec.value ?? "VALUE") });
    return;
  }
  const negated = name.startsWith("no-")
    ? accepted.find((spec) => spec.negatable === true && `no-${spec.name}` === name)
    : undefined;
  const flag = spec ?? negated;
  if (flag === undefined) {
    throw unknownOption(option, accepted.filter((spec) => spec.hidden !== true).flatMap(spellings));
  }
  if (value !== undefined && value !== "true" && value !== "false") {
    throw new UsageError(`Option "${option}" takes no value, found ${JSON.stringify(maskedText(value))}`);
  }
  tokens.options.push({ name: flag.name, value: (value !== "false") === (negated === undefined) });
}

/** `-v`, several combined flags (`-vh`), `-n 5` and `-n5`. */
function addShort(
  word: string,
  accepted: readonly OptionSpec[],
  tokens: Tokens,
  takeValue: (shown: string) => string,
): void {
  for (let at = 1; at < word.length; at++) {
    const spec = accepted.find((spec) => spec.short === word[at]);
    if (spec === undefined) throw unknownOption(`-${word[at]}`, accepted.flatMap(spellings));
    if (spec.kind === "flag") {
      tokens.options.push({ name: spec.name, value: true });
      continue;
    }
    const attached = word.slice(at + 1);
    const value = attached === "" ? takeValue(spec.value ?? "VALUE") : attached;
    tokens.options.push({ name: spec.name, value });
    return;
  }
}

function spellings(spec: OptionSpec): string[] {
  const own = spec.kind === "keys" ? [] : [`--${spec.name}`];
  return spec.negatable === true ? [...own, `--no-${spec.name}`] : own;
}

function unknownOption(option: string, known: readonly string[]): UsageError {
  // `--data-file` for `--data`: a name that goes on after a known one is too far from it for `nearestName`.
  const meant = nearestName(option, known) ?? known.find((name) => option.startsWith(`${name}-`));
  const remedy = meant === undefined ? `use "--help" to see those there are` : `did you mean "${meant}"?`;
  return new UsageError(`Unknown option "${option}": ${remedy}`);
}
