import type { EventView, LiveView } from "../src/ui/contract.ts";

/** The rates shown are averages over this time. */
const SPAN_MS = 3000;
/**
 * Events that arrive within this time are shown together: the browser lays out the whole table, however few
 * rows are new.
 */
const TOGETHER_MS = 500;
/** The server sends something at least every five seconds. */
const SILENCE_MS = 12_000;

/** Rates of events received and shown, in events/s. */
export interface LiveRates {
  shown: number;
  came: number;
}

/** Events as they arrive, and the state of the connection. */
export class LiveFeed {
  readonly #source: EventSource;
  readonly #timer: ReturnType<typeof setInterval>;
  #recent: { atMs: number; shown: number; came: number }[] = [];
  #waiting: { events: EventView[]; skipped: number } | undefined;
  #deliveredMs = 0;
  #heardMs = performance.now();
  #hasBegun = false;
  /** When the connection was lost; undefined while it is up. */
  #lostMs: number | undefined;
  #missedMs = 0;

  constructor(
    path: string,
    private readonly on: {
      /** Called once, when every event stored from now on is reported. */
      begun: () => void;
      events: (events: readonly EventView[], skipped: number) => void;
      /** Called when the state changes. */
      changed: () => void;
      fault: (fault: string) => void;
    },
    private readonly signal: AbortSignal,
  ) {
    this.#source = new EventSource(path);
    this.#source.addEventListener(
      "events",
      (message) => this.#onEvents(JSON.parse(message.data) as LiveView),
    );
    this.#source.addEventListener("fault", (message) => {
      this.#source.close();
      this.#lost();
      on.fault((JSON.parse(message.data) as { fault: string }).fault);
    });
    this.#source.addEventListener("error", () => {
      this.#lost();
      if (this.#source.readyState === EventSource.CLOSED) on.fault("The server ended the live tail");
    });
    this.#timer = setInterval(() => {
      if (performance.now() - this.#heardMs > SILENCE_MS) this.#lost();
      on.changed();
    }, 1000);
    signal.addEventListener("abort", () => {
      this.#source.close();
      clearInterval(this.#timer);
    });
  }

  /** Whether new events are reported: not before the server has said so. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Whether the connection is up, as far as is known. */
  get isConnected(): boolean {
    return this.#lostMs === undefined;
  }

  /** Whether the server has ended it: it is not tried again. */
  get isEnded(): boolean {
    return this.#source.readyState === EventSource.CLOSED;
  }

  /** Total time without a connection: events of that time are not shown. */
  get missedMs(): number {
    return this.#missedMs + (this.#lostMs === undefined ? 0 : performance.now() - this.#lostMs);
  }

  /** Averages over the last seconds. */
  get rates(): LiveRates {
    this.#forget();
    const sum = (numbers: number[]): number =>
      numbers.reduce((total, number) => total + number, 0) / SPAN_MS * 1000;
    return {
      shown: sum(this.#recent.map(({ shown }) => shown)),
      came: sum(this.#recent.map(({ came }) => came)),
    };
  }

  #onEvents({ events, skipped }: LiveView): void {
    this.#heardMs = performance.now();
    if (this.#lostMs !== undefined) {
      this.#missedMs += this.#heardMs - this.#lostMs;
      this.#lostMs = undefined;
    }
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.on.begun();
    }
    this.#recent.push({ atMs: this.#heardMs, shown: events.length, came: events.length + skipped });
    this.#forget();
    const isQuiet = events.length === 0 && skipped === 0;
    if (this.#waiting !== undefined) {
      this.#waiting.events.push(...events);
      this.#waiting.skipped += skipped;
    } else if (!isQuiet) {
      this.#waiting = { events, skipped };
      setTimeout(() => this.#deliver(), Math.max(0, this.#deliveredMs + TOGETHER_MS - performance.now()));
    }
  }

  #deliver(): void {
    const { events, skipped } = this.#waiting!;
    this.#waiting = undefined;
    this.#deliveredMs = performance.now();
    if (!this.signal.aborted) this.on.events(events, skipped);
  }

  #forget(): void {
    const fromMs = performance.now() - SPAN_MS;
    this.#recent = this.#recent.filter(({ atMs }) => atMs > fromMs);
  }

  #lost(): void {
    if (this.#lostMs !== undefined) return;
    this.#lostMs = performance.now();
    this.on.changed();
  }
}
