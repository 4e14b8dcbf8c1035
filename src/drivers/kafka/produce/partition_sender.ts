import { setImmediate } from "node:timers";
import { LimitExceededError } from "../../../errors.ts";
import type { BatchPart } from "../../../contract.ts";
import { batchBytes, countOf, type RecordRange, type Records, sliceRanges } from "../format/record_batch.ts";

/** The maximum growth of a record whose batch is merged into another: its number there takes more bytes. */
const MERGED_BYTES = 5;
/** Of a batch that was refused, the share that is refused, too, presumably. */
const REFUSED_SHARE = 0.75;
/** How long the size that was found by splitting holds, in milliseconds: brokers may take more by then. */
const FOUND_SIZE_MS = 60_000;

/** Records that become one Kafka batch. */
export class Shipment {
  #records: Records | undefined;

  /** `bytes` is their size as transmitted. */
  constructor(readonly count: number, readonly bytes: number, private readonly read: () => Records) {}

  /**
   * Reads them the first time: shortly before they are encoded. There are fewer if the data of some was changed
   * since.
   */
  records(): Records {
    return this.#records ??= this.read();
  }
}

interface Waiting {
  shipment: Shipment | Promise<Shipment>;
  /** Since when it waits, as `performance.now()`. */
  sinceMs: number;
  resolve(baseId: number): void;
  reject(error: unknown): void;
  /** Reports the outcome of the parts of a split batch; undefined if it cannot be split. */
  settleParts: ((parts: readonly BatchPart[]) => void) | undefined;
}

interface Loaded {
  waiting: Waiting;
  count: number;
}

/** What is sent together. */
interface Load<Batch> {
  all: Loaded[];
  ranges: RecordRange[];
  /** If they are encoded already. */
  batch?: Batch | undefined;
}

/** What batches of a partition may have at most, as splitting one has shown. */
interface FoundSize {
  bytesMax: number;
  sinceMs: number;
}

/** How batches are encoded and sent; `encode` throws `LimitExceededError` if they are too large. */
interface BatchTransport<Batch> {
  /** What is sent from now on does not belong to what was sent before. */
  begin(): void;
  encode(ranges: RecordRange[]): Batch;
  /** Resolves with the offset of the first record. */
  send(batch: Batch, sinceMs: number): Promise<number>;
}

/** Sends the batches of one partition one after the other; small queued ones are merged. */
export class PartitionSender<Batch> {
  readonly #waiting: Waiting[] = [];
  /** The next one, if it was encoded while the one before was on its way. */
  #next: Load<Batch> | undefined;
  #running: Promise<void> | undefined;
  /** The largest part of a batch that was refused as a whole: larger ones are split before they are sent. */
  #foundSize: FoundSize = { bytesMax: Infinity, sinceMs: 0 };
  /** Whether that is to be learned from the batch that is being sent. */
  #isRefused = false;

  constructor(
    private readonly limits: { bytesMax: number; isMerging: boolean },
    private readonly transport: BatchTransport<Batch>,
  ) {}

  /** Sends it after the earlier ones were stored or failed; resolves with the offset of its first record. */
  enqueue(
    shipment: Shipment | Promise<Shipment>,
    settleParts?: (parts: readonly BatchPart[]) => void,
    sinceMs: number = performance.now(),
  ): Promise<number> {
    // A failure is reported when its turn comes.
    if (shipment instanceof Promise) shipment.catch(() => {});
    return new Promise((resolve, reject) => {
      this.#waiting.push({ shipment, sinceMs, resolve, reject, settleParts });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing is in flight. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#next !== undefined || this.#waiting.length > 0) {
      const load = this.#next ?? await this.#loadFirst();
      this.#next = undefined;
      if (load === undefined) continue;
      // While it is on its way, and not before it is.
      setImmediate(() => this.#encodeNext());
      await this.#sendAll(load);
    }
    this.#running = undefined;
  }

  async #loadFirst(): Promise<Load<Batch> | undefined> {
    const first = this.#waiting.shift()!;
    try {
      return this.#load(first, await first.shipment);
    } catch (error) {
      first.reject(error);
      return undefined;
    }
  }

  /** Encodes the next batch, so that it can be sent at once, unless it may grow until then. */
  #encodeNext(): void {
    while (this.#next === undefined && this.#isNextFull()) {
      const first = this.#waiting.shift()!;
      const next = this.#load(first, first.shipment as Shipment);
      if (next === undefined) continue;
      this.#next = next;
      if (this.#isTooLarge(next.ranges)) return;
      try {
        next.batch = this.transport.encode(next.ranges);
      } catch {
        // It fails again when it is its turn.
      }
    }
  }

  #isNextFull(): boolean {
    let bytes = 0;
    for (const { shipment } of this.#waiting) {
      if (shipment instanceof Promise) return false;
      bytes += shipment.bytes;
      if (bytes > this.limits.bytesMax / 2 || !this.limits.isMerging) return true;
    }
    return false;
  }

  /** A shipment and those after it that fit into the same batch; a stream is awaited in its turn. */
  #load(first: Waiting, shipment: Shipment): Load<Batch> | undefined {
    const load: Load<Batch> = { all: [], ranges: [] };
    add(load, first, shipment);
    let { bytes } = shipment;
    const bytesMax = Math.min(this.limits.bytesMax, this.#sizeMax);
    for (let next; this.limits.isMerging && (next = this.#waiting[0]) !== undefined;) {
      const { shipment } = next;
      if (shipment instanceof Promise) break;
      const added = shipment.bytes + shipment.count * MERGED_BYTES;
      if (bytes + added > bytesMax) break;
      bytes += added;
      this.#waiting.shift();
      add(load, next, shipment);
    }
    return load.all.length === 0 ? undefined : load;
  }

  async #sendAll({ all, ranges, batch }: Load<Batch>): Promise<void> {
    this.#isRefused = false;
    const foundBefore = this.#foundSize;
    this.transport.begin();
    const parts = await this.#sendParts(ranges, {
      batch,
      // The one that waits for the shortest time is the last.
      sinceMs: all.at(-1)!.waiting.sinceMs,
      maySplit: all.every(({ waiting }) => waiting.settleParts !== undefined),
    });
    if (this.#isRefused) this.#foundSize = foundIn(parts, ranges) ?? foundBefore;
    for (const { waiting, count } of all) {
      const own = take(parts, count);
      // At least one: no shipment is empty.
      const first = own[0]!;
      if (own.length > 1) {
        waiting.settleParts!(own);
        waiting.resolve(0);
      } else if ("baseId" in first) waiting.resolve(first.baseId);
      else waiting.reject(first.error);
    }
  }

  /**
   * Sends all at once; splits what is too large in halves, until only events that are too large by themselves
   * fail.
   */
  async #sendParts(
    ranges: RecordRange[],
    { batch, sinceMs, maySplit }: { batch?: Batch | undefined; sinceMs: number; maySplit: boolean },
  ): Promise<BatchPart[]> {
    const count = countOf(ranges);
    const canSplit = maySplit && count > 1;
    if (!canSplit || !this.#isTooLarge(ranges)) {
      try {
        const baseId = await this.transport.send(batch ?? this.transport.encode(ranges), sinceMs);
        return [{ count, baseId }];
      } catch (error) {
        if (!canSplit || !(error instanceof LimitExceededError)) return [{ count, error }];
        this.#isRefused = true;
        // Its parts of that size are not tried one after the other.
        const bytesMax = Math.min(this.#sizeMax, REFUSED_SHARE * batchBytes(ranges));
        this.#foundSize = { bytesMax, sinceMs: performance.now() };
      }
    }
    const middle = count >> 1;
    // One after the other, to keep the order.
    const first = await this.#sendParts(sliceRanges(ranges, 0, middle), { sinceMs, maySplit });
    const rest = sliceRanges(ranges, middle, count - middle);
    return [...first, ...await this.#sendParts(rest, { sinceMs, maySplit })];
  }

  get #sizeMax(): number {
    const { bytesMax, sinceMs } = this.#foundSize;
    return performance.now() - sinceMs < FOUND_SIZE_MS ? bytesMax : Infinity;
  }

  #isTooLarge(ranges: readonly RecordRange[]): boolean {
    const { bytesMax } = this.#foundSize;
    return bytesMax !== Infinity && batchBytes(ranges) > this.#sizeMax;
  }
}

/** If all parts were stored, the size of the largest one: at least half of what brokers take. */
function foundIn(parts: readonly BatchPart[], ranges: readonly RecordRange[]): FoundSize | undefined {
  let bytesMax = 0;
  let first = 0;
  for (const part of parts) {
    if ("error" in part) return undefined;
    bytesMax = Math.max(bytesMax, batchBytes(sliceRanges(ranges, first, part.count)));
    first += part.count;
  }
  return { bytesMax, sinceMs: performance.now() };
}

/** Adds the records of a shipment, unless nothing is left of them. */
function add({ all, ranges }: Load<unknown>, waiting: Waiting, shipment: Shipment): void {
  try {
    const records = shipment.records();
    const count = records.sizes.length;
    if (count === 0) return waiting.resolve(0);
    all.push({ waiting, count });
    ranges.push({ records, first: 0, count });
  } catch (error) {
    waiting.reject(error);
  }
}

/** Removes the outcomes of the first `count` events from the list. */
function take(parts: BatchPart[], count: number): BatchPart[] {
  const taken: BatchPart[] = [];
  let left = count;
  for (let part; left > 0 && (part = parts.shift()) !== undefined;) {
    const size = Math.min(left, part.count);
    taken.push({ ...part, count: size });
    left -= size;
    if (size === part.count) continue;
    const rest = { ...part, count: part.count - size };
    if ("baseId" in rest) rest.baseId += size;
    parts.unshift(rest);
  }
  return taken;
}
