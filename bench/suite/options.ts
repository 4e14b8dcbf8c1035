import { parseArgs } from "@std/cli/parse-args";
import process from "node:process";

/** What the options of a benchmark program may be: what each means, and what it is when not given. */
export interface BenchOption {
  about: string;
  default?: string | number;
  /** Given without a value. */
  flag?: boolean;
}

/** The options given; prints help or what is wrong, and ends the program, where that is called for. */
export function benchOptions(
  usage: { program: string; about: string; examples: readonly string[] },
  options: Readonly<Record<string, BenchOption>>,
): Record<string, string | undefined> {
  const flags = Object.keys(options).filter((name) => options[name].flag === true);
  const args = parseArgs(process.argv.slice(2), {
    string: Object.keys(options).filter((name) => options[name].flag !== true),
    boolean: ["help", ...flags],
  });
  if (args["help"] === true) {
    console.log(helpText(usage, options));
    process.exit(0);
  }
  const wrong = [
    ...args._.map(String),
    ...Object.keys(args).filter((name) => name !== "_" && !isKnown(name)),
  ];
  if (wrong.length > 0) {
    console.error(`Unknown option "${wrong[0]}": known are --help, ${names(options).join(", ")}`);
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
  }
  return given;

  function isKnown(name: string): boolean {
    return name === "help" || options[name] !== undefined;
  }
}

function names(options: Readonly<Record<string, BenchOption>>): string[] {
  return Object.keys(options).map((name) => `--${name}`);
}

function helpText(
  { program, about, examples }: { program: string; about: string; examples: readonly string[] },
  options: Readonly<Record<string, BenchOption>>,
): string {
  const width = Math.max(...names(options).map((name) => name.length)) + 2;
  const rows = Object.entries(options).map(([name, option]) => {
    const value = option.default === undefined ? "" : ` (${option.default})`;
    return `  ${`--${name}`.padEnd(width)}${option.about}${value}`;
  });
  const shown = examples.map((example) => `  ${program} ${example}`.trimEnd());
  return [about, "", "Options:", ...rows, "", "Examples:", ...shown].join("\n");
}
