import type { Buffer } from "node:buffer";
import { LimitExceededError } from "../../errors.ts";
import type { BatchPart } from "../../contract.ts";

/** The maximum growth of a record whose batch is merged into another: its number there takes more bytes. */
const MERGED_BYTES = 5;

/** Records that become one Kafka batch. */
export interface Shipment {
  values: Buffer[];
  /** Their size as transmitted. */
  bytes: number;
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
    private readonly send: (values: Shipment["values"], sinceMs: number) => Promise<number>,
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
        await this.#sendAll(all);
      } catch (error) {
        first.reject(error);
      }
    }
    this.#running = undefined;
  }

  /** Merges following shipments that fit; a stream is awaited in its turn. */
  #merge(first: Waiting, shipment: Shipment): Loaded[] {
    const all = [{ waiting: first, shipment }];
    let { bytes } = shipment;
    for (let next; this.limits.isMerging && (next = this.#waiting[0]) !== undefined;) {
      const { shipment } = next;
      if (shipment instanceof Promise) break;
      const added = shipment.bytes + shipment.values.length * MERGED_BYTES;
      if (bytes + added > this.limits.bytesMax) break;
      bytes += added;
      this.#waiting.shift();
      all.push({ waiting: next, shipment });
    }
    return all;
  }

  async #sendAll(all: readonly Loaded[]): Promise<void> {
    const parts = await this.#sendParts(
      all.flatMap(({ shipment }) => shipment.values),
      // The one that waits for the shortest time is the last.
      all.at(-1)!.waiting.sinceMs,
      all.every(({ waiting }) => waiting.settleParts !== undefined),
    );
    for (const { waiting, shipment } of all) {
      const own = take(parts, shipment.values.length);
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
  async #sendParts(values: Shipment["values"], sinceMs: number, maySplit: boolean): Promise<BatchPart[]> {
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
