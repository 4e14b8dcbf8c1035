/**
 * One `test()` for Deno, Node and Bun, so that the tests have one source. A test that takes too long fails,
 * and so does one that leaves a process running; on Deno also one that leaves a timer, an operation or an
 * open file.
 */
import process from "node:process";
import { clearTimeout, setTimeout } from "node:timers";
import { writeEntry } from "../tools/test/journal.ts";
import { beginTest, endTest } from "./child_processes.ts";

/** What a test body may be. */
type Body = () => void | Promise<void>;

/** The second form's options. */
export interface TestOptions {
  /** Do not run the test, and report it as skipped with this reason; `false` runs it. */
  skip?: string | false;
  /** Time limit of the test, in milliseconds. Default: 10 minutes, because machines may be busy. */
  limitMs?: number;
}

/** Registers a test that enforces its own limit. */
type Register = (name: string, skip: string | false, body: Body, limitMs: number) => void;

/** The parts of the runtimes' globals used here; each runtime lacks those of the others. */
interface Runtimes {
  Deno?: {
    test(definition: {
      name: string;
      ignore: boolean;
      sanitizeOps: boolean;
      sanitizeResources: boolean;
      sanitizeExit: boolean;
      fn: Body;
    }): void;
  };
  Bun?: unknown;
}

/** The part of `bun:test` used here. */
interface BunTest {
  test: ((name: string, body: Body, timeoutMs: number) => void) & { skip(name: string, body: Body): void };
}

/**
 * How many cases a test runs: all of them on Deno, some on the other runtimes, because the cases do not
 * depend on the runtime.
 */
export function casesOf(count: number): number {
  return "Deno" in globalThis ? count : Math.ceil(count / 6);
}

/** The distance of the cases that a test tries of a long sequence: all of them on Deno, as {@linkcode casesOf}. */
export const CASE_STEP = "Deno" in globalThis ? 1 : 6;

const LIMIT_MS = 600_000;

/** Bun has a limit of its own, which must not be reached first. */
const BUN_PATIENCE_MS = 30_000;

/** How long Node may take to report a test that did not end, and whose handles keep the process running. */
const REPORT_MS = 1000;

/** The reason is part of the name, since not all runners print one. */
function reportedName(name: string, skip: string | false): string {
  return skip === false ? name : `${name} (skipped: ${skip})`;
}

async function findRegister(): Promise<Register> {
  const { Deno: deno, Bun: bun } = globalThis as unknown as Runtimes;
  if (deno !== undefined) {
    return (name, skip, body) =>
      deno.test({
        name: reportedName(name, skip),
        ignore: skip !== false,
        sanitizeOps: true,
        sanitizeResources: true,
        sanitizeExit: true,
        fn: body,
      });
  }
  if (bun !== undefined) {
    // Split in two: other runtimes cannot resolve the specifier when they check types.
    const { test } = await import("bun:" + "test") as BunTest;
    return (name, skip, body, limitMs) =>
      skip === false
        ? test(name, body, limitMs + BUN_PATIENCE_MS)
        : test.skip(reportedName(name, skip), body);
  }
  const { after, test } = await import("node:test");
  after(() => {
    if (someDidNotEnd) setTimeout(() => process.exit(1), REPORT_MS);
  });
  return (name, skip, body) => void test(reportedName(name, skip), { skip }, body);
}

let someDidNotEnd = false;
let count = 0;

/** The test file that registers a test. */
function callingFile(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const files = new Error().stack?.match(/(?<=file:\/\/|\(|\bat (?:async )?)\/[^(\n]*_test\.ts/g) ?? [];
  Error.stackTraceLimit = stackTraceLimit;
  const path = files.at(-1) ?? "";
  return path.slice(path.lastIndexOf("/tests/") + 1);
}

/** A body that ends in time, and all of whose processes end with it. */
function limited(name: string, limitMs: number, body: Body): Body {
  const file = callingFile();
  return async () => {
    const id = `${process.pid}-${file}-${count++}`;
    const begunMs = performance.now();
    writeEntry({ at: "begin", id, file, name, limitMs });
    beginTest();
    let failure: { error: unknown } | undefined;
    try {
      await withinLimit(name, limitMs, body);
    } catch (error) {
      failure = { error };
    }
    const left = await endTest();
    if (left.length > 0) failure ??= { error: new Error(`Test "${name}" left running: ${left.join(", ")}`) };
    writeEntry({ at: "end", id, passed: failure === undefined, ms: performance.now() - begunMs });
    if (failure !== undefined) throw failure.error;
  };
}

async function withinLimit(name: string, limitMs: number, body: Body): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      someDidNotEnd = true;
      reject(new Error(`Test "${name}" reached its time limit of ${limitMs / 1000} s`));
    }, limitMs);
  });
  try {
    await Promise.race([(async () => await body())(), limit]);
  } finally {
    clearTimeout(timer);
  }
}

const register = await findRegister();

/**
 * Registers a test with the runtime's own runner.
 *
 * @example
 * ```ts
 * test("append() keeps ids dense when a batch fails halfway", async () => { … });
 * test("produces to a real broker", { skip: brokerMissing && "no broker installed" }, async () => { … });
 * ```
 */
export function test(name: string, body: Body): void;
export function test(name: string, options: TestOptions, body: Body): void;
export function test(name: string, optionsOrBody: TestOptions | Body, body?: Body): void {
  const [options, run] = typeof optionsOrBody === "function" ? [{}, optionsOrBody] : [optionsOrBody, body];
  if (run === undefined) throw new TypeError(`Cannot register test "${name}": it has no body`);
  const { skip = false, limitMs = LIMIT_MS } = options;
  register(name, skip, limited(name, limitMs, run), limitMs);
}
