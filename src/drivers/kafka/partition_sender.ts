import type { Buffer } from "node:buffer";
import { LimitExceededError } from "../../errors.ts";
import type { BatchPart } from "../../contract.ts";

/** By how much a record may grow when its batch is added to another one: its number there takes more bytes. */
const MERGED_BYTES = 5;

/** Records that become one Kafka batch. */
export interface Shipment {
  values: Buffer[];
  /** Their size on the wire. */
  bytes: number;
}

interface Waiting {
  shipment: Shipment | Promise<Shipment>;
  resolve(baseId: number): void;
  reject(error: unknown): void;
  /** Takes what became of the parts, where it was not stored in one piece; undefined where that cannot be. */
  settleParts: ((parts: readonly BatchPart[]) => void) | undefined;
}

interface Loaded {
  waiting: Waiting;
  shipment: Shipment;
}

/** The way into one partition: batches go one after the other, small ones that wait go together. */
export class PartitionSender {
  readonly #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(
    private readonly limits: { bytesMax: number; isMerging: boolean },
    private readonly send: (values: Shipment["values"]) => Promise<number>,
  ) {}

  /** Sends it when those before are stored or failed; gives the offset of its first record. */
  ship(
    shipment: Shipment | Promise<Shipment>,
    settleParts?: (parts: readonly BatchPart[]) => void,
  ): Promise<number> {
    // Its failure is said when its turn comes.
    if (shipment instanceof Promise) shipment.catch(() => {});
    return new Promise((resolve, reject) => {
      this.#waiting.push({ shipment, resolve, reject, settleParts });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing is on its way. */
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

  /** Adds those after it that fit; a stream is waited for in its turn. */
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

  /** Sends all at once; what is too large in halves, until only events fail that are too large alone. */
  async #sendParts(values: Shipment["values"], maySplit: boolean): Promise<BatchPart[]> {
    const count = values.length;
    try {
      return [{ count, baseId: await this.send(values) }];
    } catch (error) {
      if (!maySplit || count === 1 || !(error instanceof LimitExceededError)) return [{ count, error }];
      const middle = count >> 1;
      // One after the other: what comes later must not go first.
      const first = await this.#sendParts(values.slice(0, middle), true);
      return [...first, ...await this.#sendParts(values.slice(middle), true)];
    }
  }
}

/** Takes the outcomes of the first `count` events off the list. */
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
