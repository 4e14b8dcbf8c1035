import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Mutant } from "./mutants.ts";
import { isKilled, type Result, type Results } from "./results.ts";
import { readSource } from "./sandbox.ts";

const PAGE = "docs/mutation.md";
const VERDICTS = "tools/mutate/verdicts.json";
/** What follows this line is written by the tool. */
const MARK = "<!-- Below: written by `npm run mutate -- --report` -->";
/** What is said of a survivor that no test reaches, unless a person says more. */
const NOT_RUN = "no test runs it";

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

/** What is known about one file: a row of the table, and its survivors. */
interface FileReport {
  file: string;
  mutants: number;
  tried: number;
  killed: number;
  equivalent: number;
  /** A line each, those of equivalent ones left out. */
  survivors: string[];
}

type Counts = Omit<FileReport, "file" | "survivors">;

function sumOf(reports: readonly Counts[]): Counts {
  const sum = { mutants: 0, tried: 0, killed: 0, equivalent: 0 };
  for (const { mutants, tried, killed, equivalent } of reports) {
    sum.mutants += mutants;
    sum.tried += tried;
    sum.killed += killed;
    sum.equivalent += equivalent;
  }
  return sum;
}

/** A line for each group of files, and one for all of them together. */
function tableOf(what: string, nameOf: (file: string) => string, reports: readonly FileReport[]): string[] {
  const names = [...new Set(reports.map(({ file }) => nameOf(file)))];
  const row = (name: string, { mutants, tried, killed, equivalent }: Counts): string => {
    const others = tried - killed - equivalent;
    const score = percent(killed, tried - equivalent);
    return `| ${name} | ${mutants} | ${tried} | ${killed} | ${equivalent} | ${others} | ${score} |`;
  };
  return [
    `| ${what} | mutants | tried | killed | equivalent | not noticed | score |`,
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...names.map((name) => row(`\`${name}\``, sumOf(reports.filter(({ file }) => nameOf(file) === name)))),
    row("all", sumOf(reports)),
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

function survivorLine(one: Tried, verdict: Verdict | undefined): string {
  const { mutant, result } = one;
  const why = verdict?.why ?? (result.status === "unreached" ? NOT_RUN : "");
  const change = `${code(mutant.original)} → ${code(mutant.replacement)}`;
  return `- \`${mutant.within}\`, ${mutant.operator}, ${change}${why && ": "}${why}`;
}

function reportOf(
  file: string,
  mutants: number,
  tried: readonly Tried[],
  verdicts: readonly Verdict[],
): FileReport {
  const killed = tried.filter(({ result }) => isKilled(result)).length;
  const judged = tried.filter(({ result }) => !isKilled(result))
    .map((one) => ({ one, verdict: verdictOn(one, verdicts) }));
  const others = judged.filter(({ verdict }) => verdict?.equivalent !== true);
  return {
    file,
    mutants,
    tried: tried.length,
    killed,
    equivalent: judged.length - others.length,
    survivors: others.map(({ one, verdict }) => survivorLine(one, verdict)),
  };
}

/** What the page says about the files, so that a run of some of them leaves the others' as they are. */
function readReports(page: string): FileReport[] {
  const row = /^\| `([^`]+\.ts)` +\| +(\d+) \| +(\d+) \| +(\d+) \| +(\d+) \|/gm;
  const sections = page.split("\n### ").slice(1).map((section): [string, string[]] => {
    const [title, ...lines] = section.trim().split("\n");
    // The formatter has wrapped long ones.
    const survivors = lines.join("\n").trim().replace(/\n +/g, " ").split("\n");
    return [title.replaceAll("`", ""), survivors];
  });
  const survivors = new Map(sections);
  return [...page.matchAll(row)].map(([, file, mutants, tried, killed, equivalent]) => ({
    file,
    mutants: Number(mutants),
    tried: Number(tried),
    killed: Number(killed),
    equivalent: Number(equivalent),
    survivors: survivors.get(file) ?? [],
  }));
}

/** Whether no person has judged a survivor: its line ends with the change, or with what the tool itself says. */
function isUnjudged(line: string): boolean {
  return line.endsWith("`") || line.endsWith(NOT_RUN);
}

/**
 * Writes the results into the page; the text above the marker is not changed, nor what it says about files without
 * results.
 */
export function writeReport(all: readonly Mutant[], wanted: readonly Mutant[], results: Results): void {
  const verdicts: Verdict[] = existsSync(VERDICTS) ? JSON.parse(readFileSync(VERDICTS, "utf8")) : [];
  const tried = wanted.flatMap((mutant) => {
    const result = results.known(mutant);
    return result === undefined || result.status === "invalid" ? [] : [{ mutant, result }];
  });
  const files = [...new Set(tried.map(({ mutant }) => mutant.file))];
  const [head, before = ""] = readFileSync(PAGE, "utf8").split(MARK);
  const kept = readReports(before).filter(({ file }) => !files.includes(file) && existsSync(file));
  const reports = [
    ...kept,
    ...files.map((file) =>
      reportOf(
        file,
        all.filter((mutant) => mutant.file === file).length,
        tried.filter(({ mutant }) => mutant.file === file),
        verdicts,
      )
    ),
  ].sort((one, other) => one.file < other.file ? -1 : 1);
  const sum = sumOf(reports);
  const unjudged = reports.flatMap(({ survivors }) => survivors).filter(isUnjudged).length;
  const text = [
    head.trimEnd(),
    "",
    MARK,
    "",
    "## Scores",
    "",
    `${sum.tried} of ${sum.mutants} mutants were tried, ${sum.killed} were killed: ${
      percent(sum.killed, sum.tried)
    }. Of the others ${sum.equivalent} are equivalent; without those the score is ${
      percent(sum.killed, sum.tried - sum.equivalent)
    }. ${unjudged} have no verdict yet.`,
    "",
    ...tableOf("folder", folderOf, reports),
    "",
    "By file:",
    "",
    ...tableOf("file", (file) => file, reports),
    "",
    "## Survivors that are not equivalent",
    ...reports.filter(({ survivors }) => survivors.length > 0)
      .flatMap(({ file, survivors }) => ["", `### \`${file}\``, "", ...survivors]),
    "",
  ].join("\n");
  writeFileSync(PAGE, text);
  for (
    const verdict of verdicts.filter((verdict) =>
      files.includes(verdict.file) && !all.some((mutant) => isOn(verdict, mutant))
    )
  ) console.log(`no mutant any more: ${JSON.stringify(verdict)}`);
  console.log(
    `Wrote ${PAGE}: ${files.length} files anew, ${kept.length} as they were, ${unjudged} without a verdict`,
  );
}
