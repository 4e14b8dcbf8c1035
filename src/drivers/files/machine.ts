/**
 * What the members of a group have to know of their machine: which process they are, whether another one is still
 * there, and a clock that never steps. What the runtime does not allow to be known is not known: then only silence
 * tells that a process is gone.
 *
 * @module
 */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { clearImmediate, setImmediate } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import type { MemberProcess, Surroundings } from "../../log/mod.ts";
import { everyTick } from "../../storage/ticks.ts";

/** Where the state and the start time stand in what follows the program's name in `/proc/<pid>/stat`. */
const STATE_FIELD = 0;
const STARTED_FIELD = 19;

let self: MemberProcess | undefined;

/** This machine. */
export const machine: Surroundings = {
  get self(): MemberProcess {
    return self ??= { host: hostOf(), pid: process.pid, started: statusOf("self")?.started };
  },

  isGone({ pid, started }, thorough): boolean {
    if (pid === process.pid) return started !== machine.self.started;
    try {
      process.kill(pid, 0);
    } catch (error) {
      // Where it may not be asked, nothing is known of it.
      return (error as { code?: string }).code === "ESRCH";
    }
    if (!thorough || started === undefined) return false;
    const status = statusOf(String(pid));
    // One that ended and that its parent has not looked at yet does nothing any more.
    return status !== undefined && (status.started !== started || /[ZX]/.test(status.state));
  },

  elapsedMs: () => performance.now(),

  every(ms, call) {
    return everyTick(ms, call, { keepsRunning: false });
  },

  soon(call) {
    const immediate = setImmediate(call);
    return () => clearImmediate(immediate);
  },

  sleep: (ms) => sleep(ms),
};

/**
 * Where process numbers mean the same: the machine, since when it runs, and the container, which has numbers of its
 * own. Empty where that cannot be known.
 */
function hostOf(): string {
  const name = attempt(() => hostname());
  if (name === undefined) return "";
  if (process.platform !== "linux") return name;
  const boot = attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  const space = attempt(() => readlinkSync("/proc/self/ns/pid"));
  return boot === undefined || space === undefined ? "" : `${name}/${boot}/${space.replace(/\D/g, "")}`;
}

function statusOf(pid: string): { state: string; started: string } | undefined {
  const text = attempt(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  // The program's name before it may hold anything, parentheses and spaces included.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  const state = fields?.[STATE_FIELD];
  const started = fields?.[STARTED_FIELD];
  return state === undefined || started === undefined ? undefined : { state, started };
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
