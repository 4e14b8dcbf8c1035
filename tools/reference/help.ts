import { fileURLToPath } from "node:url";
import type { DocumentedRule } from "../../src/options/driver_options.ts";
import { DRIVERS } from "./page.ts";

/** The module that is written: what `--help` says of options that drivers read, without loading a driver. */
export const HELP_FILE: string = fileURLToPath(
  new URL("../../src/ctl/help/driver_options.ts", import.meta.url),
);

/** The module. */
export function helpModule(): string {
  const lines = DRIVERS.filter(({ name }) => name !== "memory").flatMap(({ name, driver, topic }) => [
    `  ${name}: {`,
    ...([["driver", driver], ["topic", topic]] as const).flatMap(([kind, rules]) => [
      `    ${kind}: [`,
      ...Object.entries(rules).flatMap(([key, rule]) => entry(key, withDefault(rule))),
      "    ],",
    ]),
    "  },",
  ]);
  return `// Written by npm run reference from the rules that read the options; not to be edited.

/** Options of drivers and of their topics by driver name, each with its description and its default. */
export const DRIVER_OPTIONS: Readonly<
  Record<string, Record<"driver" | "topic", readonly (readonly [key: string, meaning: string])[]>>
> = {
${lines.join("\n")}
};
`;
}

function withDefault({ meaning, default: value }: DocumentedRule): string {
  return value === undefined ? meaning : `${meaning} (default: ${value})`;
}

const LINE_WIDTH = 110;

/** A pair as `deno fmt` writes it. */
function entry(key: string, meaning: string): string[] {
  const [first, second] = [key, meaning].map((text) => text.includes('"') ? `'${text}'` : `"${text}"`);
  const line = `      [${first}, ${second}],`;
  return line.length <= LINE_WIDTH
    ? [line]
    : ["      [", `        ${first},`, `        ${second},`, "      ],"];
}
