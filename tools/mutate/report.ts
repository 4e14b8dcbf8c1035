import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Mutant } from "./mutants.ts";
import { isKilled, type Result, type Results } from "./results.ts";

const PAGE = "docs/mutation.md";
const VERDICTS = "tools/mutate/verdicts.json";
/** What stands after this line is written by the tool. */
const MARK = "<!-- Below: written by `npm run mutate -- --report` -->";

/** What a person found out about a survivor. It is known by its text, since lines move. */
interface Verdict {
  file: string;
  /** As in the mutant's name; left out, it is for every operator at this text. */
  operator?: string;
  /** The first line of the original text. */
  text: string;
  equivalent: boolean;
  why: string;
}

interface Tried {
  mutant: Mutant;
  result: Result;
}

const percent = (part: number, whole: number): string =>
  whole === 0 ? "" : `${(100 * part / whole).toFixed(1)} %`;
const firstLine = (text: string): string => text.split("\n")[0];
const code = (text: string): string =>
  `\`${firstLine(text).replaceAll("`", "'").slice(0, 90) || "(nothing)"}\``;

function tableOf(tried: readonly Tried[]): string[] {
  const files = [...new Set(tried.map(({ mutant }) => mutant.file))];
  const row = (name: string, its: readonly Tried[]): string => {
    const count = (status: Result["status"]): number =>
      its.filter(({ result }) => result.status === status).length;
    const killed = its.filter(({ result }) => isKilled(result)).length;
    return `| ${name} | ${its.length} | ${killed} | ${count("survived")} | ${count("unreached")} | ${
      percent(killed, its.length)
    } |`;
  };
  return [
    "| file | mutants | killed | survived | not reached | score |",
    "| --- | ---: | ---: | ---: | ---: | ---: |",
    ...files.map((file) => row(`\`${file}\``, tried.filter(({ mutant }) => mutant.file === file))),
    row("all", tried),
  ];
}

/** What a person found out about a survivor, if anything. */
function verdictOn({ mutant }: Tried, verdicts: readonly Verdict[]): Verdict | undefined {
  return verdicts.find(({ file, text, operator }) =>
    file === mutant.file && text === firstLine(mutant.original) &&
    (operator ?? mutant.operator) === mutant.operator
  );
}

function survivorsOf(tried: readonly Tried[], verdicts: readonly Verdict[]): string[] {
  const lines: string[] = [];
  let file = "";
  for (const { mutant, result } of tried.filter(({ result }) => !isKilled(result))) {
    if (mutant.file !== file) lines.push("", `### \`${file = mutant.file}\``, "");
    const verdict = verdictOn({ mutant, result }, verdicts);
    const said = verdict === undefined
      ? result.status === "unreached" ? "not equivalent: no test comes by" : "not equivalent"
      : `${verdict.equivalent ? "equivalent" : "not equivalent"}: ${verdict.why}`;
    const change = `${code(mutant.original)} → ${code(mutant.replacement)}`;
    lines.push(`- ${mutant.line}:${mutant.column} ${mutant.operator}, ${change}: ${said}`);
  }
  return lines;
}

/** Writes what runs found into the page; what stands above the mark there is left alone. */
export function writeReport(all: readonly Mutant[], wanted: readonly Mutant[], results: Results): void {
  const verdicts: Verdict[] = existsSync(VERDICTS) ? JSON.parse(readFileSync(VERDICTS, "utf8")) : [];
  const tried = wanted.flatMap((mutant) => {
    const result = results.get(mutant);
    return result === undefined || result.status === "invalid" ? [] : [{ mutant, result }];
  });
  const killed = tried.filter(({ result }) => isKilled(result)).length;
  const equivalent =
    tried.filter((one) => !isKilled(one.result) && verdictOn(one, verdicts)?.equivalent).length;
  const [head] = readFileSync(PAGE, "utf8").split(MARK);
  const text = [
    head.trimEnd(),
    "",
    MARK,
    "",
    "## Scores",
    "",
    `${tried.length} of ${all.length} mutants were tried, ${killed} were killed: ${
      percent(killed, tried.length)
    }. Of the others ${equivalent} are equivalent; without those the score is ${
      percent(killed, tried.length - equivalent)
    }.`,
    "",
    ...tableOf(tried),
    "",
    "## Survivors",
    ...survivorsOf(tried, verdicts),
    "",
  ].join("\n");
  writeFileSync(PAGE, text);
  console.log(`Wrote ${PAGE}: ${killed} of ${tried.length} killed`);
}
