import { appendFileSync, readFileSync } from "node:fs";
import process from "node:process";

/** The variable that names the journal of a run; without a runner, tests write none. */
export const JOURNAL = "DIASPORA_TEST_JOURNAL";

/** What tests write while they run, so that one that never ends can be named. */
export type JournalEntry =
  | { at: "begin"; id: string; file: string; name: string; limitMs: number }
  | { at: "end"; id: string; passed: boolean; ms: number };

/** Writes an entry to the journal of this run, if there is a runner, or to another one. */
export function writeEntry(entry: JournalEntry, path = process.env[JOURNAL]): void {
  if (path !== undefined) appendFileSync(path, `${JSON.stringify(entry)}\n`);
}

/** A test that has started. */
export interface JournalTest {
  file: string;
  name: string;
  limitMs: number;
  /** When the runner saw it start, by the runner's clock. */
  seenMs: number;
  /** Undefined while it is running. */
  ended?: { passed: boolean; ms: number };
}

/** Follows the journal of a run. */
export class Journal {
  readonly tests = new Map<string, JournalTest>();
  /** When the last entry was seen, by the runner's clock. */
  changedMs: number;
  readonly #path: string;
  #read = 0;

  constructor(path: string, nowMs: number) {
    this.#path = path;
    this.changedMs = nowMs;
  }

  /** Reads the entries written since the last call. */
  follow(nowMs: number): void {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch {
      return;
    }
    const end = text.lastIndexOf("\n") + 1;
    for (const line of text.slice(this.#read, end).split("\n")) {
      if (line === "") continue;
      const entry: JournalEntry = JSON.parse(line);
      if (entry.at === "begin") this.tests.set(entry.id, { ...entry, seenMs: nowMs });
      else this.tests.get(entry.id)!.ended = entry;
      this.changedMs = nowMs;
    }
    this.#read = end;
  }

  /** The tests that have started and not ended. */
  running(): JournalTest[] {
    return [...this.tests.values()].filter(({ ended }) => ended === undefined);
  }

  /** The file of a test that failed. */
  fileOfFailed(name: string): string | undefined {
    return [...this.tests.values()].find((each) => each.name === name && each.ended?.passed !== true)?.file;
  }

  /** Total milliseconds of the tests of each file, longest first. */
  timings(): [file: string, ms: number][] {
    const sums = new Map<string, number>();
    for (const { file, ended } of this.tests.values()) {
      sums.set(file, (sums.get(file) ?? 0) + (ended?.ms ?? 0));
    }
    return [...sums].sort(([, one], [, other]) => other - one);
  }
}
