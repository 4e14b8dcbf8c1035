import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { commandOf, ROOT, RUNTIMES } from "../../processes/runtimes.ts";

const SOURCE = fileURLToPath(new URL("failing_calls.c", import.meta.url));
const PROBE = fileURLToPath(new URL("probe.mjs", import.meta.url));

/** Calls that can be made to fail. */
export type Call = "write" | "fdatasync";

/** Error numbers on Linux. */
export const ERRNO = { EINTR: 4, EIO: 5, ENOSPC: 28, EDQUOT: 122 };

/** Which calls on segment files fail, and how. */
export interface Plan {
  call: Call;
  /** The first and the last of them, counted from 1 in each process. */
  first: number;
  last?: number;
  error?: keyof typeof ERRNO;
  /** At most that many bytes of a write are accepted. */
  bytes?: number;
  /** Delay before the end of a sync, or after a write. */
  delayMs?: number;
}

/** A call that was recorded. */
export interface Note {
  pid: number;
  call: string;
  result: number;
  /** Size of the file before the call. */
  size: number;
  /** The calls on segment files of a process in the order in which it was decided what becomes of them. */
  begun: number;
  path: string;
}

const CACHE = `${ROOT}node_modules/.cache/diaspora`;

/** Compiles the library, unless that was done before; returns its path, or why there is none. */
function compile(): { library: string } | { why: string } {
  if (process.platform !== "linux") return { why: "calls are made to fail on Linux alone" };
  const name = createHash("sha256").update(readFileSync(SOURCE)).digest("hex").slice(0, 16);
  const library = `${CACHE}/failing-calls-${name}.so`;
  if (existsSync(library)) return { library };
  mkdirSync(CACHE, { recursive: true });
  const draft = `${library}.${process.pid}`;
  const { status, error, stderr } = spawnSync("cc", ["-shared", "-fPIC", "-O1", "-o", draft, SOURCE], {
    encoding: "utf8",
  });
  if (error !== undefined) return { why: "no C compiler is installed" };
  // Not a reason to skip: a renamed variable once left 44 tests out for hours.
  if (status !== 0) throw new Error(`Cannot compile "${SOURCE}": ${stderr}`);
  renameSync(draft, library);
  return { library };
}

const compiled = compile();

/** Makes the calls of processes fail. */
export class FailingCalls {
  readonly #plan: string;
  readonly #notes: string;
  readonly #library: string;
  #generation = 0;

  /** `where` is a folder for its files. */
  constructor(where: string) {
    if ("why" in compiled) throw new Error(compiled.why);
    this.#library = compiled.library;
    this.#plan = join(where, "plan");
    this.#notes = join(where, "notes");
    this.letPass();
  }

  /** A shell command to prefix to a program's. */
  get shell(): string {
    return `export LD_PRELOAD=${this.#library} FAILING_CALLS_PLAN=${this.#plan} FAILING_CALLS_NOTES=${this.#notes}; exec "$@"`;
  }

  plan({ call, first, last = first, error, bytes = -1, delayMs = 0 }: Plan): void {
    const errno = error === undefined ? 0 : ERRNO[error];
    writeFileSync(
      this.#plan,
      `${++this.#generation} ${call} ${first} ${last} ${errno} ${bytes} ${delayMs}\n`,
    );
  }

  /** From now on every call succeeds. */
  letPass(): void {
    writeFileSync(this.#plan, `${++this.#generation} none 0 0 0 -1 0\n`);
  }

  /** The recorded calls, in the order in which they ended. */
  notes(): Note[] {
    if (!existsSync(this.#notes)) return [];
    return readFileSync(this.#notes, "utf8").trimEnd().split("\n").map((line) => {
      const [pid, call, result, size, begun, path] = line.split(" ");
      return {
        pid: Number(pid),
        call,
        result: Number(result),
        size: Number(size),
        begun: Number(begun),
        path,
      };
    });
  }
}

/** Which of its calls a runtime makes through the C library, where they can be intercepted. */
function caughtOf(runtime: string): string[] {
  const where = mkdtempSync(join(tmpdir(), "diaspora-failing-calls-"));
  try {
    const calls = new FailingCalls(where);
    spawnSync("bash", ["-c", calls.shell, "bash", ...commandOf(runtime, PROBE, [join(where, "probe.log")])]);
    return calls.notes().map(({ call }) => call);
  } finally {
    rmSync(where, { recursive: true });
  }
}

const caught = new Map(RUNTIMES.map((runtime) => [runtime, "why" in compiled ? [] : caughtOf(runtime)]));

/** Why a runtime's calls cannot be made to fail, or false. */
export function whyNotFailing(runtime: string, call: Call): string | false {
  if ("why" in compiled) return compiled.why;
  return caught.get(runtime)!.includes(call) ? false : `${runtime} calls ${call} without the C library`;
}
