import type { Storage } from "../../storage/port.ts";
import { Beat } from "./beat.ts";
import type { Surroundings } from "./others.ts";

/** Part of its timeout after which a member shows a sign of life again. */
const DUE = 0.2;
/** Part of its timeout for which a member that shows none still relies on being one. */
const TRUSTED = 0.7;

/** How long a member relies on what it showed last, and where it shows it. */
export interface SignSettings {
  storage: Storage;
  /** Folder of the group. */
  directory: string;
  timeoutMs: number;
  around: Surroundings;
}

/** What a member shows of being there, and what it may rely on because it did. */
export class SignOfLife {
  #beat: Beat | undefined;
  /** When the last one was shown. */
  #shownMs = -Infinity;

  constructor(private readonly settings: SignSettings) {}

  /** Whether another one is to be shown. */
  get isDue(): boolean {
    return this.#silentMs >= this.settings.timeoutMs * DUE;
  }

  /** Whether no one takes this member for gone yet. */
  get isTrusted(): boolean {
    return this.#silentMs < this.settings.timeoutMs * TRUSTED;
  }

  /** Shows the first one under an id, which takes the place of the one before. */
  begin(id: string): void {
    const { storage, directory, around } = this.settings;
    this.#beat?.end();
    this.#beat = new Beat(storage, `${directory}/members/${id}`);
    this.#shownMs = around.elapsedMs();
    this.#beat.next();
  }

  /** Lets its number grow now and then, unless it was silent for so long that this says nothing any more. */
  show(): void {
    const { around, timeoutMs } = this.settings;
    const now = around.elapsedMs();
    const silentMs = now - this.#shownMs;
    if (this.#beat === undefined || silentMs < timeoutMs * DUE || silentMs >= timeoutMs * TRUSTED) return;
    this.#beat.next();
    this.#shownMs = now;
  }

  /** Shows one after a silence that others may have taken for its end: `publish` says that it is none. */
  renew(publish: () => void): void {
    const now = this.settings.around.elapsedMs();
    this.#beat?.next();
    publish();
    this.#shownMs = now;
  }

  /** Takes it away. */
  end(): void {
    this.#beat?.end();
  }

  /** Lets go of its file. */
  close(): void {
    this.#beat?.close();
  }

  get #silentMs(): number {
    return this.settings.around.elapsedMs() - this.#shownMs;
  }
}
