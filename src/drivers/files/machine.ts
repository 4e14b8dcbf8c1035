/**
 * What the members of a group need to know of their machine: which process they are, whether another process is alive,
 * and a monotonic clock. Without the permissions for that a dead process is noticed by its missing heartbeats alone.
 *
 * @module
 */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { clearImmediate, setImmediate } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import type { GroupEnvironment, MemberProcess } from "../../log/mod.ts";
import { everyTick } from "../../storage/ticks.ts";

/** Indexes of the state and the start time among the fields after the program's name in `/proc/<pid>/stat`. */
const STATE_FIELD = 0;
const STARTED_FIELD = 19;

let self: MemberProcess | undefined;

/** This machine. */
export const machine: GroupEnvironment = {
  get self(): MemberProcess {
    return self ??= { host: hostOf(), pid: process.pid, started: statusOf("self")?.started };
  },

  isGone({ pid, started }, thorough): boolean {
    if (pid === process.pid) return started !== machine.self.started;
    try {
      process.kill(pid, 0);
    } catch (error) {
      // Without permission to ask nothing is known.
      return (error as { code?: string }).code === "ESRCH";
    }
    if (!thorough || started === undefined) return false;
    const status = statusOf(String(pid));
    // A zombie does nothing any more.
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
 * Where a pid means the same process: the machine, its boot, and the namespace of process ids, which containers have
 * their own of. Empty where that cannot be known.
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
