import type { GroupEnvironment } from "./failure_detector.ts";

/**
 * How often a member checks whether others have died, by the number of members: among many, one of them notices soon.
 */
const INTERVAL_MS = [250, 250, 250, 250, 500, 500];
const INTERVAL_MS_OF_MANY = 1000;
/** How often it does so while it reads: then no timer has to wake it. */
const INTERVAL_MS_DURING_WORK = 250;
/** How often it polls the roster where a watch reports changes; a little below a second, for timers are not exact. */
const WATCHED_POLL_MS = 900;

/** When a member polls the roster and checks whether the others are alive. */
export class CheckSchedule {
  /** Whether a watch reports changes of the roster, so that it need not be polled so often. */
  isWatched = false;
  #intervalMs = 0;
  #stop: (() => void) | undefined;
  #polledMs = -Infinity;
  #checkedMs = -Infinity;

  constructor(
    private readonly settings: { environment: GroupEnvironment; timeoutMs: number },
    private readonly check: () => void,
  ) {}

  /** Whether checks are made by a timer. */
  get isRunning(): boolean {
    return this.#stop !== undefined;
  }

  /** Whether the roster has to be polled, though nothing else asks for it. */
  get isPollDue(): boolean {
    const { environment, timeoutMs } = this.settings;
    return !this.isWatched ||
      environment.elapsedMs() - this.#polledMs >= Math.min(WATCHED_POLL_MS, timeoutMs / 11);
  }

  /** When the next check during the member's work is due. */
  get workCheckDueMs(): number {
    return this.#checkedMs + INTERVAL_MS_DURING_WORK;
  }

  /** Checks from within the work of the member, if the last check was a while ago. */
  checkDuringWork(): void {
    if (this.settings.environment.elapsedMs() >= this.workCheckDueMs) this.#check();
  }

  /** Takes the interval for a number of members: the more there are, the less often each needs to check. */
  adaptTo(members: number): void {
    const { environment, timeoutMs } = this.settings;
    const intervalMs = Math.min(INTERVAL_MS[members] ?? INTERVAL_MS_OF_MANY, timeoutMs / 10);
    if (intervalMs === this.#intervalMs) return;
    this.#intervalMs = intervalMs;
    this.#checkedMs = environment.elapsedMs();
    this.#stop?.();
    this.#stop = environment.every(intervalMs, () => this.#check());
  }

  /** The roster is polled now. */
  polled(): void {
    this.#polledMs = this.settings.environment.elapsedMs();
  }

  stop(): void {
    this.#stop?.();
  }

  #check(): void {
    this.#checkedMs = this.settings.environment.elapsedMs();
    this.check();
  }
}
