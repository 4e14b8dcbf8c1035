import type { Storage } from "../storage/port.ts";
import { readHeartbeat } from "./heartbeat.ts";
import type { Member, MemberProcess } from "./roster.ts";

/** Heartbeats are read at most this often, in milliseconds. */
const READ_INTERVAL_MS_MAX = 2000;
/** One of the other processes is checked more thoroughly this often. */
const THOROUGH_INTERVAL_MS = 1000;

/** What a group needs of the machine, beside its storage. */
export interface GroupEnvironment {
  readonly self: MemberProcess;
  /** Whether a process has certainly ended; a `thorough` check costs more, and notices that its pid was used again. */
  isGone(process: MemberProcess, thorough: boolean): boolean;
  /** Milliseconds of a monotonic clock. */
  elapsedMs(): number;
  /** Calls at an interval, without keeping the process alive; returns a function that ends it. */
  every(ms: number, call: () => void): () => void;
  /** Calls once the event loop turns; returns a function that cancels it. */
  soon(call: () => void): () => void;
  sleep(ms: number): Promise<void>;
}

/** What was seen of a member. */
interface Observation {
  /** Its heartbeat; undefined if that did not have to be read. */
  heartbeat: number | undefined;
  /** When the heartbeat's file was modified, by the clock of this machine's file system. */
  modified: number | undefined;
  renewals: number;
  /** When it changed last, by the monotonic clock of this process. */
  sinceMs: number;
  /** How many heartbeats were seen. */
  heartbeats: number;
}

/**
 * Detects dead members: one on this machine immediately, by its process; any other when this process has seen no
 * heartbeat of it for its timeout, by its own monotonic clock. So clocks of machines may differ and step.
 */
export class FailureDetector {
  readonly #observations = new Map<string, Observation>();
  #readMs = -Infinity;
  #thoroughMs = -Infinity;
  #turn = 0;

  constructor(
    private readonly storage: Storage,
    private readonly directory: string,
    private readonly environment: GroupEnvironment,
  ) {}

  /** Returns the members that are dead. */
  failed(members: readonly Member[]): Member[] {
    const now = this.environment.elapsedMs();
    const intervalMs = Math.min(READ_INTERVAL_MS_MAX, ...members.map(({ timeoutMs }) => timeoutMs / 5));
    const isReadDue = now - this.#readMs >= intervalMs;
    if (isReadDue) this.#readMs = now;
    for (const id of this.#observations.keys()) {
      if (!members.some((member) => member.id === id)) this.#observations.delete(id);
    }
    const isThorough = members.length > 0 && now - this.#thoroughMs >= THOROUGH_INTERVAL_MS;
    if (isThorough) this.#thoroughMs = now;
    const turn = isThorough ? this.#turn++ % members.length : -1;
    return members.filter((member, index) => {
      if (this.#isOnThisMachine(member) && this.environment.isGone(member, index === turn)) return true;
      return isReadDue ? this.#hasTimedOut(member) : false;
    });
  }

  /** Whether the process of one of the members has ended, as far as a cheap check can tell. */
  hasExited(members: readonly Member[]): boolean {
    return members.some((member) => this.#isOnThisMachine(member) && this.environment.isGone(member, false));
  }

  /** Whether a heartbeat of a member was seen. */
  hasShown(id: string): boolean {
    return (this.#observations.get(id)?.heartbeats ?? 0) > 0;
  }

  /** Whether a member on this machine sent a heartbeat within its timeout, by the time of its file. */
  hasRecentHeartbeat(member: Member): boolean {
    const modified = this.#modifiedOf(member);
    return modified !== undefined && Math.abs(this.storage.now() - modified) < member.timeoutMs;
  }

  #isOnThisMachine({ host }: Member): boolean {
    return host !== "" && host === this.environment.self.host;
  }

  #pathOf({ id }: Member): string {
    return `${this.directory}/members/${id}`;
  }

  /** When the heartbeat's file of a member on this machine was modified. */
  #modifiedOf(member: Member): number | undefined {
    return this.#isOnThisMachine(member) ? this.storage.stat(this.#pathOf(member))?.modified : undefined;
  }

  #hasTimedOut(member: Member): boolean {
    const seen = this.#observations.get(member.id);
    // Before the heartbeat is read: if this process is stopped after that, the time is not a silence that it observed.
    const silentMs = this.environment.elapsedMs() - (seen?.sinceMs ?? Infinity);
    // On this machine the time of the file's last change says the same, and costs less than reading it.
    const modified = this.#modifiedOf(member);
    const isTouched = seen !== undefined && modified !== undefined && modified !== seen.modified;
    const heartbeat = isTouched ? undefined : readHeartbeat(this.storage, this.#pathOf(member));
    const isAlive = isTouched || (seen?.heartbeat !== undefined && seen.heartbeat !== heartbeat);
    if (seen === undefined || isAlive || seen.renewals !== member.renewals) {
      this.#observations.set(member.id, {
        heartbeat,
        modified,
        renewals: member.renewals,
        sinceMs: this.environment.elapsedMs(),
        heartbeats: seen === undefined ? 0 : seen.heartbeats + 1,
      });
      return false;
    }
    seen.heartbeat = heartbeat;
    return silentMs > member.timeoutMs;
  }
}
