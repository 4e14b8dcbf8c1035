import { parseArgs } from "@std/cli/parse-args";
import process from "node:process";

/** The options of a benchmark program: the meaning of each, and its default. */
export interface BenchOption {
  about: string;
  default?: string | number;
  /** An option without a value. */
  flag?: boolean;
  /** What may be in its list, which is separated by commas. */
  among?: readonly string[];
}

/** Returns the options given; prints help or an error and ends the program if necessary. */
export function benchOptions(
  usage: { program: string; about: string; examples: readonly string[] },
  options: Readonly<Record<string, BenchOption>>,
): Record<string, string | undefined> {
  const known = ["help", ...Object.keys(options)];
  const flags = Object.keys(options).filter((name) => options[name].flag === true);
  const args = parseArgs(process.argv.slice(2), {
    string: Object.keys(options).filter((name) => options[name].flag !== true),
    boolean: ["help", ...flags],
  });
  if (args["help"] === true) {
    console.log(helpText(usage, options));
    process.exit(0);
  }
  const { _: words, ...named } = args;
  const wrong = [...words.map(String), ...Object.keys(named).filter((name) => !known.includes(name))];
  if (wrong.length > 0) {
    console.error(`Unknown option "${wrong[0]}": known are ${known.map((name) => `--${name}`).join(", ")}`);
    process.exit(2);
  }
  const given: Record<string, string | undefined> = {};
  for (const [name, option] of Object.entries(options)) {
    const value = args[name] === undefined || args[name] === false ? option.default : args[name];
    given[name] = value === undefined ? undefined : String(value);
    if (typeof option.default === "number" && !(Number(value) > 0)) {
      console.error(`Cannot use --${name} "${value}": expected a number above 0`);
      process.exit(2);
    }
    const { among } = option;
    const unknown = among && given[name]!.split(",").find((one) => !among.includes(one));
    if (unknown !== undefined) {
      console.error(`Cannot use --${name} "${unknown}": known are ${among!.join(", ")}`);
      process.exit(2);
    }
  }
  return given;
}

function helpText(
  { program, about, examples }: { program: string; about: string; examples: readonly string[] },
  options: Readonly<Record<string, BenchOption>>,
): string {
  const width = Math.max(...Object.keys(options).map((name) => name.length)) + 4;
  const rows = Object.entries(options).map(([name, option]) => {
    const among = option.among === undefined ? "" : ` of ${option.among.join(", ")}`;
    const value = option.default === undefined ? "" : `${among} (${option.default})`;
    return `  ${`--${name}`.padEnd(width)}${option.about}${value}`;
  });
  const shown = examples.map((example) => `  ${program}${example === "" ? "" : ` -- ${example}`}`);
  return [about, "", "Options:", ...rows, "", "Examples:", ...shown].join("\n");
}
