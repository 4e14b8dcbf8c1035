import type { Buffer } from "node:buffer";
import { setImmediate } from "node:timers";
import { LimitExceededError } from "../../errors.ts";
import type { BatchPart } from "../../contract.ts";

/** The maximum growth of a record whose batch is merged into another: its number there takes more bytes. */
const MERGED_BYTES = 5;

/** Larger records are encoded when it is their turn: they are few, and copying them is all there is to do. */
const LARGE_RECORD_BYTES = 16 * 1024;

/** Records that become one Kafka batch. */
export class Shipment {
  #values: Buffer[] | undefined;

  /** `bytes` is their size as transmitted. */
  constructor(readonly count: number, readonly bytes: number, private readonly encode: () => Buffer[]) {}

  /**
   * Encodes them the first time: shortly before they are sent, so that little memory is in use. There are fewer if
   * the data of some was changed since.
   */
  values(): Buffer[] {
    return this.#values ??= this.encode();
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
  shipment: Shipment;
}

/** Sends the batches of one partition one after the other; small queued ones are merged. */
export class PartitionSender {
  readonly #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(
    private readonly limits: { bytesMax: number; isMerging: boolean },
    private readonly send: (values: Buffer[], sinceMs: number) => Promise<number>,
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
    while (this.#waiting.length > 0) {
      const first = this.#waiting.shift()!;
      try {
        const shipment = await first.shipment;
        const all = this.#merge(first, shipment);
        // While they are on their way, and not before they are.
        setImmediate(() => this.#encodeNext());
        await this.#sendAll(all);
      } catch (error) {
        first.reject(error);
      }
    }
    this.#running = undefined;
  }

  /** Encodes the next shipment, so that it can be sent at once, unless that takes less time than memory. */
  #encodeNext(): void {
    const next = this.#waiting[0]?.shipment;
    if (next === undefined || next instanceof Promise || next.bytes > next.count * LARGE_RECORD_BYTES) return;
    try {
      next.values();
    } catch {
      // It fails again when it is its turn.
    }
  }

  /** Merges following shipments that fit; a stream is awaited in its turn. */
  #merge(first: Waiting, shipment: Shipment): Loaded[] {
    const all = [{ waiting: first, shipment }];
    let { bytes } = shipment;
    for (let next; this.limits.isMerging && (next = this.#waiting[0]) !== undefined;) {
      const { shipment } = next;
      if (shipment instanceof Promise) break;
      const added = shipment.bytes + shipment.count * MERGED_BYTES;
      if (bytes + added > this.limits.bytesMax) break;
      bytes += added;
      this.#waiting.shift();
      all.push({ waiting: next, shipment });
    }
    return all;
  }

  async #sendAll(merged: readonly Loaded[]): Promise<void> {
    const all = merged.filter(({ waiting, shipment }) => {
      try {
        if (shipment.values().length > 0) return true;
        waiting.resolve(0);
        return false;
      } catch (error) {
        waiting.reject(error);
        return false;
      }
    });
    if (all.length === 0) return;
    const parts = await this.#sendParts(
      all.flatMap(({ shipment }) => shipment.values()),
      // The one that waits for the shortest time is the last.
      all.at(-1)!.waiting.sinceMs,
      all.every(({ waiting }) => waiting.settleParts !== undefined),
    );
    for (const { waiting, shipment } of all) {
      const own = take(parts, shipment.values().length);
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
  async #sendParts(values: Buffer[], sinceMs: number, maySplit: boolean): Promise<BatchPart[]> {
    const count = values.length;
    try {
      return [{ count, baseId: await this.send(values, sinceMs) }];
    } catch (error) {
      if (!maySplit || count === 1 || !(error instanceof LimitExceededError)) return [{ count, error }];
      const middle = count >> 1;
      // One after the other, to keep the order.
      const first = await this.#sendParts(values.slice(0, middle), sinceMs, true);
      return [...first, ...await this.#sendParts(values.slice(middle), sinceMs, true)];
    }
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
