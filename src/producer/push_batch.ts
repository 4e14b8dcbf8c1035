import type { OutgoingBatch, OutgoingData } from "../drivers/contract.ts";
import type { FailureLedger } from "./failure_ledger.ts";

/** What a batch tells the lane that fills it. */
export interface BatchOwner {
  /** Where failures that nobody looked at are counted. */
  readonly failures: FailureLedger;
  /** Somebody waits for an event of this batch: do not let it lie. */
  hurry(batch: PushBatch): void;
}

const NO_METADATA: string[] = [];

/** Events that are stored together, and what became of them. Push futures point at it. */
export class PushBatch implements OutgoingBatch {
  /** Number of events. */
  count = 0;
  /** Serialized metadata; may be longer than `count`, since arrays are used again. */
  metadata: string[] | Uint8Array[];
  /** Data parts, once an event has one. */
  data: OutgoingData[] | undefined = undefined;
  /** Sum of the sizes of the data parts. */
  dataBytes = 0;
  /** A data part given as a stream. */
  stream: AsyncIterable<Uint8Array> | undefined = undefined;
  /** Size of metadata and data in bytes; a text counts a byte a character. */
  bytes = 0;
  /** When it was handed over, where somebody wants to know. */
  begunMs = 0;
  /** Id of the first event; -1 until stored. */
  baseId = -1;
  /** Whether storing failed. */
  failed = false;
  /** Why it failed. */
  error: unknown = undefined;
  /** How many of the events' futures somebody waited for. */
  observed = 0;
  /** Set when this batch failed, to the ledger's round at that time. */
  round = 0;
  #promise: Promise<number> | undefined = undefined;
  #resolve: ((baseId: number) => void) | undefined = undefined;
  #reject: ((error: unknown) => void) | undefined = undefined;

  constructor(readonly owner: BatchOwner, metadata: string[] | Uint8Array[]) {
    this.metadata = metadata;
  }

  /** Whether it is stored or failed. */
  get completed(): boolean {
    return this.baseId >= 0 || this.failed;
  }

  /** The first id, once stored. */
  stored(): Promise<number> {
    if (this.#promise !== undefined) return this.#promise;
    if (this.baseId >= 0) this.#promise = Promise.resolve(this.baseId);
    else if (this.failed) this.#promise = Promise.reject(this.error);
    else {
      this.#promise = new Promise((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
      });
    }
    // Whoever waits has a promise derived from this one; this one itself is never unhandled.
    this.#promise.catch(() => {});
    return this.#promise;
  }

  /** Somebody waits for one more of the events. */
  observe(): void {
    this.observed++;
    if (this.baseId >= 0) return;
    if (this.failed) this.owner.failures.forgive(this);
    else this.owner.hurry(this);
  }

  /** Stored: the first event has this id. */
  succeed(baseId: number): void {
    this.baseId = baseId;
    this.#release();
    this.#resolve?.(baseId);
  }

  /** Not stored, and nothing of it visible. */
  fail(error: unknown): void {
    this.failed = true;
    this.error = error;
    this.owner.failures.record(this);
    this.#release();
    this.#reject?.(error);
  }

  /** Futures may be kept for long; the content of the batch is not kept with them. */
  #release(): void {
    this.metadata = NO_METADATA;
    this.data = undefined;
    this.stream = undefined;
  }
}
