import { countedGrouped } from "../../text/counted.ts";
import { cutAtEnd } from "./table.ts";

/** Redraw interval. */
const INTERVAL_MS = 200;

/** The work done so far. */
export interface Done {
  events: number;
  bytes: number;
}

/** A progress line on the terminal: events, bytes, rate and the remaining time. */
export class Progress {
  readonly #write: (text: string) => void;
  readonly #columns: () => number;
  readonly #now: () => number;
  readonly #label: string;
  readonly #total: Partial<Done>;
  readonly #startedMs: number;
  readonly #timer: ReturnType<typeof setInterval>;
  #shown = false;
  /** Add to these counters. */
  readonly done: Done = { events: 0, bytes: 0 };

  constructor(options: {
    write: (text: string) => void;
    /** The width of the terminal, which the user may change. */
    columns?: () => number;
    label: string;
    total?: Partial<Done> | undefined;
    now?: () => number;
  }) {
    this.#write = options.write;
    this.#columns = options.columns ?? (() => Infinity);
    this.#now = options.now ?? (() => performance.now());
    this.#label = options.label;
    this.#total = options.total ?? {};
    this.#startedMs = this.#now();
    this.#timer = setInterval(() => this.draw(), INTERVAL_MS);
    this.#timer.unref?.();
  }

  /** Redraws the line now. */
  draw(): void {
    const line = `${this.#label}: ${progressText(this.done, this.#total, this.#now() - this.#startedMs)}`;
    // Of a line that the terminal wraps, only the last part could be erased.
    this.#write(`\r\x1b[K${cutAtEnd(line, this.#columns() - 1)}`);
    this.#shown = true;
  }

  /** Erases the line, e.g. before a log line. */
  clear(): void {
    if (this.#shown) this.#write("\r\x1b[K");
    this.#shown = false;
  }

  /** Stops the progress display. */
  stop(): void {
    clearInterval(this.#timer);
    this.clear();
  }
}

/** `1,234,000 events  98.7 MB  411,333 events/s  00:12 left`. */
export function progressText(done: Done, total: Partial<Done>, elapsedMs: number): string {
  const seconds = elapsedMs / 1000;
  const parts = [countedGrouped(done.events, "event"), formatBytes(done.bytes)];
  if (seconds > 0) parts.push(`${Math.round(done.events / seconds).toLocaleString("en")} events/s`);
  const fraction = fractionDone(done, total);
  if (fraction !== undefined) {
    parts.push(`${Math.floor(fraction * 100)} %`);
    if (fraction > 0) parts.push(`${formatDuration(seconds / fraction - seconds)} left`);
  }
  return parts.join("  ");
}

/** Bytes predict the remaining time better than events, since events differ in size. */
function fractionDone(done: Done, total: Partial<Done>): number | undefined {
  if (total.bytes !== undefined && total.bytes > 0) return Math.min(1, done.bytes / total.bytes);
  if (total.events !== undefined && total.events > 0) return Math.min(1, done.events / total.events);
  return undefined;
}

/** `98.7 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** `45 s`, `3 min`, `5 h`, `2 days`: for display. */
export function formatAge(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return seconds < 36 * 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** `00:12` or `1:02:03`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}
