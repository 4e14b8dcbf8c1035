import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Mutant } from "./mutants.ts";
import { isKilled, type Result, type Results } from "./results.ts";
import { readSource } from "./sandbox.ts";

const PAGE = "docs/mutation.md";
const VERDICTS = "tools/mutate/verdicts.json";
/** What follows this line is written by the tool. */
const MARK = "<!-- Below: written by `npm run mutate -- --report` -->";

/** A person's verdict on survivors. They are identified by their text, since lines move. */
interface Verdict {
  /** The file, or a folder. */
  file: string;
  /** The function; without it, any function. */
  in?: string;
  /** As in the mutant's id; without it, any operator on this text. */
  operator?: string;
  /** The first line of the original text. */
  text?: string;
  /** A part of the line that contains it. */
  line?: string;
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

/** A line for each group of files, and one for all of them together. */
function tableOf(
  what: string,
  nameOf: (file: string) => string,
  { tried, all, isEquivalent }: {
    tried: readonly Tried[];
    all: readonly Mutant[];
    isEquivalent: (one: Tried) => boolean;
  },
): string[] {
  const names = [...new Set(tried.map(({ mutant }) => nameOf(mutant.file)))];
  const row = (name: string, its: readonly Tried[], mutants: number): string => {
    const killed = its.filter(({ result }) => isKilled(result)).length;
    const equivalent = its.filter(isEquivalent).length;
    const others = its.length - killed - equivalent;
    const score = percent(killed, its.length - equivalent);
    return `| ${name} | ${mutants} | ${its.length} | ${killed} | ${equivalent} | ${others} | ${score} |`;
  };
  return [
    `| ${what} | mutants | tried | killed | equivalent | not noticed | score |`,
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...names.map((name) =>
      row(
        `\`${name}\``,
        tried.filter(({ mutant }) => nameOf(mutant.file) === name),
        all.filter(({ file }) => nameOf(file) === name).length,
      )
    ),
    row("all", tried, all.length),
  ];
}

/** `src/log/write` for a file in it, `src/producer` for that folder and the file of that name. */
function folderOf(file: string): string {
  return file.replace(/^(src\/(?:log|drivers)\/[^/]+|src\/[^/]+|wasm).*/, "$1").replace(/\.ts$/, "");
}

const lines = new Map<string, string[]>();

function lineOf({ file, line }: Mutant): string {
  if (!lines.has(file)) lines.set(file, readSource(file).split("\n"));
  return lines.get(file)![line - 1] ?? "";
}

/** The verdict on a survivor, if there is one. */
function verdictOn({ mutant }: Tried, verdicts: readonly Verdict[]): Verdict | undefined {
  return verdicts.find((verdict) => isOn(verdict, mutant));
}

function isOn(verdict: Verdict, mutant: Mutant): boolean {
  return mutant.file.startsWith(verdict.file) && (verdict.in ?? mutant.within) === mutant.within &&
    (verdict.text ?? firstLine(mutant.original)) === firstLine(mutant.original) &&
    (verdict.operator ?? mutant.operator) === mutant.operator && lineOf(mutant).includes(verdict.line ?? "");
}

function survivorsOf(tried: readonly Tried[], verdicts: readonly Verdict[]): string[] {
  const lines: string[] = [];
  let file = "";
  for (const { mutant, result } of tried.filter(({ result }) => !isKilled(result))) {
    if (mutant.file !== file) lines.push("", `### \`${file = mutant.file}\``, "");
    const verdict = verdictOn({ mutant, result }, verdicts);
    const why = verdict?.why ?? (result.status === "unreached" ? "no test runs it" : "");
    const change = `${code(mutant.original)} → ${code(mutant.replacement)}`;
    lines.push(`- \`${mutant.within}\`, ${mutant.operator}, ${change}${why && ": "}${why}`);
  }
  return lines;
}

/** Writes the results into the page; the text above the marker is not changed. */
export function writeReport(all: readonly Mutant[], wanted: readonly Mutant[], results: Results): void {
  const verdicts: Verdict[] = existsSync(VERDICTS) ? JSON.parse(readFileSync(VERDICTS, "utf8")) : [];
  const tried = wanted.flatMap((mutant) => {
    const result = results.known(mutant);
    return result === undefined || result.status === "invalid" ? [] : [{ mutant, result }];
  });
  const killed = tried.filter(({ result }) => isKilled(result)).length;
  const isEquivalent = (one: Tried): boolean =>
    !isKilled(one.result) && verdictOn(one, verdicts)?.equivalent === true;
  const equivalent = tried.filter(isEquivalent).length;
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
    ...tableOf("folder", folderOf, { tried, all, isEquivalent }),
    "",
    "By file:",
    "",
    ...tableOf("file", (file) => file, { tried, all, isEquivalent }),
    "",
    "## Survivors that are not equivalent",
    ...survivorsOf(tried.filter((one) => !isEquivalent(one)), verdicts),
    "",
  ].join("\n");
  writeFileSync(PAGE, text);
  for (const verdict of verdicts.filter((verdict) => !all.some((mutant) => isOn(verdict, mutant)))) {
    console.log(`no mutant any more: ${JSON.stringify(verdict)}`);
  }
  console.log(`Wrote ${PAGE}: ${killed} of ${tried.length} killed`);
}
