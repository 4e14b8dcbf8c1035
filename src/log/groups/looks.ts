import type { Surroundings } from "./others.ts";

/** How often a member looks at the roster and the others, by how many they are: of many, one looks soon. */
const LOOK_MS = [250, 250, 250, 250, 500, 500];
const LOOK_MS_OF_MANY = 1000;
/** The same where a member has work: then no look has to wake it. */
const LOOK_MS_AT_WORK = 250;
/** The same where a watch reports changes of the roster; a little less, for timers are not that exact. */
const WATCHED_LOOK_MS = 900;

/** When a member looks at the roster and the others. */
export class Looks {
  /** Whether a watch reports changes of the roster, so that it need not be looked at so often. */
  isWatched = false;
  #everyMs = 0;
  #stop: (() => void) | undefined;
  #lookedMs = -Infinity;
  #glancedMs = -Infinity;

  constructor(
    private readonly settings: { around: Surroundings; timeoutMs: number },
    private readonly look: () => void,
  ) {}

  /** Whether they have begun. */
  get hasBegun(): boolean {
    return this.#stop !== undefined;
  }

  /** Whether it is time for one, where nothing else asks for it. */
  get isDue(): boolean {
    const { around, timeoutMs } = this.settings;
    return !this.isWatched ||
      around.elapsedMs() - this.#lookedMs >= Math.min(WATCHED_LOOK_MS, timeoutMs / 11);
  }

  /** Looks if the last time was a while ago. */
  atWork(): void {
    if (this.settings.around.elapsedMs() - this.#glancedMs >= LOOK_MS_AT_WORK) this.#glance();
  }

  /** The more members, the more of them notice that one is gone, so that each need look less often. */
  share(members: number): void {
    const { around, timeoutMs } = this.settings;
    const everyMs = Math.min(LOOK_MS[members] ?? LOOK_MS_OF_MANY, timeoutMs / 10);
    if (everyMs === this.#everyMs) return;
    this.#everyMs = everyMs;
    this.#glancedMs = around.elapsedMs();
    this.#stop?.();
    this.#stop = around.every(everyMs, () => this.#glance());
  }

  /** One is made now. */
  begin(): void {
    this.#lookedMs = this.settings.around.elapsedMs();
  }

  /** No more of them. */
  stop(): void {
    this.#stop?.();
  }

  #glance(): void {
    this.#glancedMs = this.settings.around.elapsedMs();
    this.look();
  }
}
