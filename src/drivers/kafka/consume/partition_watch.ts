/** How often to look at most and at least, in milliseconds. */
const LOOK_MS_MIN = 20;
const LOOK_MS_MAX = 900_000;

/** What a watch needs. */
interface PartitionWatchSettings {
  /** How many partitions are known. */
  count: number;
  /** How often to look, in milliseconds. */
  ageMsMax: number;
  /** The current number of partitions. */
  look(): Promise<number>;
  /** There are more than before. */
  onMore(count: number): unknown;
}

/** Looks now and then whether partitions were added to a topic: brokers do not tell. */
export class PartitionWatch {
  #count: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(private readonly settings: PartitionWatchSettings) {
    this.#count = settings.count;
  }

  /** How many partitions are known. */
  get count(): number {
    return this.#count;
  }

  /** Looks for the first time after a while. */
  start(): void {
    if (this.#closed) return;
    const { ageMsMax } = this.settings;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), Math.min(Math.max(ageMsMax, LOOK_MS_MIN), LOOK_MS_MAX));
  }

  /** Stops looking. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const { look, onMore } = this.settings;
    try {
      const count = await look();
      const isMore = count > this.#count;
      this.#count = Math.max(count, this.#count);
      if (isMore && !this.#closed) await onMore(count);
    } catch {
      // Whatever prevents it is reported by other requests; the next look comes.
    }
    this.start();
  }
}
