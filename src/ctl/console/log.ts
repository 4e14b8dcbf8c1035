import type { Painter, Style } from "./colour.ts";
import { visible } from "./visible.ts";

/** Levels from most to least verbose. */
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "critical", "off"] as const;

/** The values of `--logging`. */
export type LogLevel = typeof LOG_LEVELS[number];

const STYLES: Readonly<Record<Exclude<LogLevel, "off">, Style>> = {
  trace: "dim",
  debug: "cyan",
  info: "green",
  warn: "yellow",
  error: "red",
  critical: "magenta",
};

/**
 * Writes log lines: `[2026-11-23 15:48:00.123] [info] text`, in local time, or JSON documents such as
 * `{"time":"2026-11-23T14:48:00.123Z","level":"info","message":"text"}`. Control characters in them are escaped.
 */
export class Log {
  readonly #write: (text: string) => void;
  readonly #paint: Painter;
  readonly #now: () => Date;
  readonly #json: boolean;
  /** Lines below this level are not written. */
  readonly level: LogLevel;

  constructor(options: {
    write: (text: string) => void;
    paint: Painter;
    level: LogLevel;
    json?: boolean;
    now?: () => Date;
  }) {
    this.#write = options.write;
    this.#paint = options.paint;
    this.#now = options.now ?? (() => new Date());
    this.#json = options.json ?? false;
    this.level = options.level;
  }

  /** Whether lines of that level are written. */
  shows(level: Exclude<LogLevel, "off">): boolean {
    return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(this.level);
  }

  trace(text: string): void {
    this.#line("trace", text);
  }

  debug(text: string): void {
    this.#line("debug", text);
  }

  info(text: string): void {
    this.#line("info", text);
  }

  warn(text: string): void {
    this.#line("warn", text);
  }

  /** `code` is that of an error of the library; only JSON shows it. */
  error(text: string, code?: string): void {
    this.#line("error", text, code);
  }

  #line(level: Exclude<LogLevel, "off">, text: string, code?: string): void {
    if (!this.shows(level)) return;
    const now = this.#now();
    const line = this.#json
      ? visible(JSON.stringify({ time: now.toISOString(), level, message: text, code }))
      : `[${timestamp(now)}] [${this.#paint(STYLES[level], level)}] ${visible(text)}`;
    this.#write(`${line}\n`);
  }
}

/** `2026-11-23 15:48:00.123` in local time. */
function timestamp(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
