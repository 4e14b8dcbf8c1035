import { asPushed, hasSize } from "../data/view.ts";
import type { BatchPart, OutgoingBatch, OutgoingData } from "../contract.ts";
import { InvalidDataError } from "../errors.ts";
import type { UnobservedFailures } from "./unobserved_failures.ts";
import { counted } from "../text/counted.ts";

/** What a batch needs from its batcher. */
export interface BatchOwner {
  /** Counts unobserved failures. */
  readonly failures: UnobservedFailures;
  /** Whether the engine may store a batch in parts. */
  readonly maySplit?: boolean;
  /** An event of this batch is being awaited: submit it soon. */
  submitSoon(batch: PushBatch): void;
}

const NO_METADATA: string[] = [];

/** The arrays that a batch is filled into. */
export interface BatchArrays {
  metadata: string[] | Uint8Array[];
  data?: OutgoingData[] | undefined;
  dataSizes?: (number | readonly number[])[] | undefined;
}

/** Events that are stored together, and their outcome. Push futures refer to it. */
export class PushBatch implements OutgoingBatch {
  /** Number of events. */
  count = 0;
  /** Serialized metadata; may be longer than `count`, since arrays are reused. */
  metadata: string[] | Uint8Array[];
  /** Data parts, once an event has one. */
  data: OutgoingData[] | undefined = undefined;
  /** Size of each data part when it was pushed; of each piece, if there are several. */
  dataSizes: (number | readonly number[])[] | undefined = undefined;
  /** Sum of the sizes of the data parts. */
  dataBytes = 0;
  /** A data part given as a stream. */
  stream: AsyncIterable<Uint8Array> | undefined = undefined;
  /** Size of metadata and data in bytes; text counts as one byte per character. */
  bytes = 0;
  /** What counts towards its maximum: `bytes`, in which a large data part may count less. */
  load = 0;
  /** When it was submitted; set only for diagnostics. */
  begunMs = 0;
  readonly sinceMs: number = performance.now();
  /** Id of the first event; -1 until stored. */
  baseId = -1;
  /** Whether storing it failed. */
  failed = false;
  /** Why it failed. */
  error: unknown = undefined;
  /** Number of events whose futures were observed. */
  observed = 0;
  /** Set when this batch fails: the flush epoch in which that happened. */
  epoch = 0;
  /**
   * Number of events that failed individually and are not in the batch any more. A future looks up its outcome by the
   * number of its event when it was pushed, which is `count + removed`.
   */
  removed = 0;
  /** Pushes that failed individually, by the number of their event when it was pushed. */
  #failedAlone: Map<number, PushBatch> | undefined = undefined;
  /** Once there are any: the number that each of the other events had when it was pushed; of later ones it follows. */
  #pushNumbers: number[] | undefined = undefined;
  /** The number of the first event, in a part of a batch. */
  #firstNumber = 0;
  /** Events that may fail individually and whose futures were observed. */
  #observedAlone: Set<number> | undefined = undefined;
  /** The parts in which it was stored, if it was split. */
  parts: readonly PushBatch[] | undefined = undefined;
  #promise: Promise<number> | undefined = undefined;
  #resolve: ((baseId: number) => void) | undefined = undefined;
  #reject: ((error: unknown) => void) | undefined = undefined;
  /** Those of `data` and `dataSizes` are used once an event has data. */
  #arrays: BatchArrays | undefined;

  constructor(readonly owner: BatchOwner, arrays: BatchArrays) {
    this.metadata = arrays.metadata;
    this.#arrays = arrays;
  }

  /** Whether it was stored or has failed. */
  get completed(): boolean {
    return this.baseId >= 0 || this.failed;
  }

  /** Makes the arrays of the data parts, when an event has one for the first time. */
  beginData(): void {
    this.data = this.#arrays?.data ?? [];
    this.dataSizes = this.#arrays?.dataSizes ?? [];
  }

  /**
   * Removes the events whose data part has lost bytes since it was pushed; each fails individually, as the batch that is
   * returned for it. Data that has grown is cut to its size when it was pushed.
   */
  dropChangedData(): PushBatch[] {
    const { data, dataSizes } = this;
    const refused: PushBatch[] = [];
    if (data === undefined) return refused;
    for (let index = 0; index < this.count; index++) {
      const part = data[index];
      const size = dataSizes![index]!;
      if (part === undefined || hasSize(part, size)) continue;
      data[index] = asPushed(part, size);
      if (data[index] === undefined) refused.push(this.#failAlone(index--));
    }
    return refused;
  }

  /** The batch with the outcome of the event pushed as number `index`: this one, or one for the event alone. */
  batchOf(index: number): PushBatch {
    return this.#failedAlone?.get(index) ?? this;
  }

  /** Id of the event pushed as number `index`, once stored. */
  idOf(index: number): number {
    const numbers = this.#numbers();
    return this.baseId + (numbers === undefined ? index - this.#firstNumber : numbers.indexOf(index));
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
    // Waiters hold promises derived from this one; this one itself is never unhandled.
    this.#promise.catch(() => {});
    return this.#promise;
  }

  /** The future of the event pushed as number `index` is now observed. */
  observe(index: number): void {
    this.observed++;
    if (this.baseId >= 0) return;
    if (this.failed) this.owner.failures.markObserved(this);
    else {
      if (this.data !== undefined || this.owner.maySplit === true) {
        (this.#observedAlone ??= new Set()).add(index);
      }
      this.owner.submitSoon(this);
    }
  }

  /** Its arrays for the next batch, which then need not grow: called when it is stored, before {@linkcode succeed}. */
  spareArrays(): BatchArrays {
    const { metadata, data, dataSizes } = this;
    // Memory of the caller would be kept.
    data?.fill(undefined, 0, this.count);
    return { metadata, data, dataSizes };
  }

  /** Stored: the first event has this id. */
  succeed(baseId: number): void {
    this.baseId = baseId;
    this.#dropContent();
    this.#resolve?.(baseId);
  }

  /** Not stored; none of it is visible. */
  fail(error: unknown): void {
    this.failed = true;
    this.error = error;
    this.owner.failures.record(this);
    this.#dropContent();
    this.#reject?.(error);
  }

  /** Stored in parts, some of which may have failed: each becomes a batch of its own. */
  settleParts(outcomes: readonly BatchPart[]): void {
    const alone = new Map(this.#failedAlone);
    const numbers = this.#numbers();
    let first = 0;
    const parts = outcomes.map((outcome) => {
      const part = new PushBatch(this.owner, { metadata: NO_METADATA });
      part.count = outcome.count;
      part.#firstNumber = first;
      part.#pushNumbers = numbers?.slice(first, first + outcome.count);
      for (let index = first; index < first + outcome.count; index++) {
        const number = numbers?.[index] ?? index;
        alone.set(number, part);
        if (this.#observedAlone?.has(number) === true) part.observed++;
      }
      first += outcome.count;
      return { part, outcome };
    });
    this.parts = parts.map(({ part }) => part);
    this.#failedAlone = alone;
    for (const { part, outcome } of parts) {
      if ("baseId" in outcome) part.succeed(outcome.baseId);
      else part.fail(outcome.error);
    }
  }

  /** Removes one event, whose push fails. */
  #failAlone(index: number): PushBatch {
    const { metadata, data, dataSizes } = this;
    const sizes = dataSizes![index]!;
    const size = typeof sizes === "number" ? sizes : sizes.reduce((sum, piece) => sum + piece, 0);
    this.#pushNumbers ??= [];
    const pushedAs = this.#numbers()!.splice(index, 1)[0]!;
    this.removed++;
    const refused = new PushBatch(this.owner, { metadata: [] });
    refused.count = 1;
    refused.bytes = metadata[index]!.length + size;
    if (this.#observedAlone?.delete(pushedAs) === true) {
      refused.observed = 1;
      this.observed--;
    }
    refused.fail(
      new InvalidDataError(
        `Cannot store a data part: it had ${
          counted(size, "byte")
        } when it was pushed, and its memory has fewer now; ` +
          `do not change it until the push future completes`,
      ),
    );
    (this.#failedAlone ??= new Map()).set(pushedAs, refused);
    this.bytes -= refused.bytes;
    this.dataBytes -= size;
    for (const list of [metadata, data!, dataSizes!] as unknown[][]) {
      list.copyWithin(index, index + 1, this.count);
      // The slot is for the next event, which may have no data.
      list[this.count - 1] = undefined;
    }
    this.count--;
    return refused;
  }

  /** The number of each event when it was pushed, if that is not its index. */
  #numbers(): number[] | undefined {
    const numbers = this.#pushNumbers;
    if (numbers === undefined) return undefined;
    while (numbers.length < this.count) numbers.push(numbers.length + this.removed);
    return numbers;
  }

  /** Drops the batch's content: futures may be kept for long. */
  #dropContent(): void {
    this.metadata = NO_METADATA;
    this.data = undefined;
    this.dataSizes = undefined;
    this.#arrays = undefined;
    this.stream = undefined;
    this.#observedAlone = undefined;
  }
}
