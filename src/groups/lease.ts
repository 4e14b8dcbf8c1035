import type { Storage } from "../storage/port.ts";
import type { GroupEnvironment } from "./failure_detector.ts";
import { Heartbeat } from "./heartbeat.ts";

/** A lease is renewed after this part of the timeout. */
const RENEWAL_DUE = 0.2;
/** And it is valid for this part: the rest is a margin, so that its owner stops before others take over. */
const VALID = 0.7;

/** How long a lease lasts, and where its heartbeats go. */
export interface LeaseSettings {
  storage: Storage;
  /** Folder of the group. */
  directory: string;
  timeoutMs: number;
  environment: GroupEnvironment;
}

/**
 * A member's lease on its membership: after each heartbeat no other member considers it dead before its timeout has
 * passed, so that for less than that it can rely on owning its partitions.
 */
export class Lease {
  #heartbeat: Heartbeat | undefined;
  #renewedMs = -Infinity;

  constructor(private readonly settings: LeaseSettings) {}

  get renewalDueMs(): number {
    return this.#renewedMs + this.settings.timeoutMs * RENEWAL_DUE;
  }

  /** Whether no other member can consider this one dead yet. */
  get isValid(): boolean {
    const { environment, timeoutMs } = this.settings;
    return environment.elapsedMs() - this.#renewedMs < timeoutMs * VALID;
  }

  /** Begins a lease under a new member id, which replaces the one before. */
  begin(id: string): void {
    const { storage, directory, environment } = this.settings;
    this.#heartbeat?.end();
    this.#heartbeat = new Heartbeat(storage, `${directory}/members/${id}`);
    this.#renewedMs = environment.elapsedMs();
    this.#heartbeat.beat();
  }

  /** Sends a heartbeat when one is due. A lease that has expired is not renewed: see {@linkcode reclaim}. */
  renewIfDue(): void {
    const { environment, timeoutMs } = this.settings;
    // Read once, before everything else: this process may be stopped at any moment from here on.
    const now = environment.elapsedMs();
    const ageMs = now - this.#renewedMs;
    if (this.#heartbeat === undefined || ageMs < timeoutMs * RENEWAL_DUE || ageMs >= timeoutMs * VALID) {
      return;
    }
    this.#heartbeat.beat();
    this.#renewedMs = now;
  }

  /** Begins again after it expired, when others may consider this member dead: `publish` says that it is alive. */
  reclaim(publish: () => void): void {
    const now = this.settings.environment.elapsedMs();
    this.#heartbeat?.beat();
    publish();
    this.#renewedMs = now;
  }

  /** Ends it: the heartbeat's file is removed. */
  end(): void {
    this.#heartbeat?.end();
  }

  close(): void {
    this.#heartbeat?.close();
  }
}
