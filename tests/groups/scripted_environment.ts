import type { GroupEnvironment } from "../../src/groups/failure_detector.ts";
import type { Member, MemberProcess } from "../../src/groups/roster.ts";

/** A machine whose clock, timers and processes a test controls. */
export class ScriptedEnvironment implements GroupEnvironment {
  nowMs = 0;
  readonly self: MemberProcess = { host: "here", pid: 1, started: "first" };
  /** The pids of processes that have ended. */
  readonly gone = new Set<number>();
  /** The pids that were asked for, those of thorough checks with a `!`. */
  readonly asked: string[] = [];
  /** What was put off until the event loop turns. */
  readonly soonCalls = new Set<() => void>();
  /** The timers that run, by their interval. */
  readonly timers = new Map<number, () => void>();

  isGone({ pid }: MemberProcess, thorough: boolean): boolean {
    this.asked.push(`${pid}${thorough ? "!" : ""}`);
    return this.gone.has(pid);
  }

  elapsedMs(): number {
    return this.nowMs;
  }

  every(ms: number, call: () => void): () => void {
    this.timers.set(ms, call);
    return () => void this.timers.delete(ms);
  }

  soon(call: () => void): () => void {
    this.soonCalls.add(call);
    return () => void this.soonCalls.delete(call);
  }

  sleep(): Promise<void> {
    return Promise.resolve();
  }
}

/** A member of a group; on this machine, and with a timeout of a second, unless something else is given. */
export function member(id: string, changes: Partial<Member> = {}): Member {
  return { id, host: "here", pid: 7, started: "then", timeoutMs: 1000, renewals: 0, ...changes };
}
