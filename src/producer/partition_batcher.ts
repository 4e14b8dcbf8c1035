import { Buffer } from "node:buffer";
import { clearImmediate, setImmediate } from "node:timers";
import { normalizeData, PushedData } from "../data_view.ts";
import { diagnostics } from "../diagnostics.ts";
import type { BatchLimit, OutgoingData } from "../contract.ts";
import { BackpressureError } from "../errors.ts";
import type { UnobservedFailures } from "./unobserved_failures.ts";
import { type BatchOwner, PushBatch } from "./push_batch.ts";
import type { BatcherOwner } from "./batcher_owner.ts";
import type { BatchLimits } from "./options.ts";
import { PushFuture } from "./push_future.ts";
import { publishFailed, publishStored } from "./push_report.ts";

/** What an event takes in memory beside its metadata and data, roughly. */
const EVENT_BYTES = 64;

/** The way into one partition: the batch that fills, and when it goes to the driver. */
export class PartitionBatcher implements BatchOwner {
  /** Counts failures of this batcher's batches. */
  readonly failures: UnobservedFailures;
  readonly #owner: BatcherOwner;
  readonly #limits: BatchLimits;
  /** Set where the engine counts every byte of a batch. */
  readonly #engineLimit: BatchLimit | undefined;
  /** An engine that counts bytes may find out late that they are too many. */
  readonly mayPart: boolean;
  /** The batch that fills. */
  #open: PushBatch | undefined = undefined;
  /** Full batches that wait for room, in order; the first is at `#nextWaiting`. */
  #waiting: PushBatch[] = [];
  #nextWaiting = 0;
  /** Hands the open batch over in the next turn of the event loop, if nothing did before. */
  #idle: ReturnType<typeof setImmediate> | undefined = undefined;
  #hurried = false;
  /** Handing over was due, but waits for what is being stored. */
  #due = false;
  /** Batches of this batcher that are being stored. */
  #inFlight = 0;
  /** The array of a stored batch, to be filled again. */
  #spare: string[] | Uint8Array[] | undefined = undefined;

  constructor(readonly partition: number, owner: BatcherOwner) {
    this.#owner = owner;
    this.#engineLimit = owner.driver.batchLimit;
    this.mayPart = this.#engineLimit !== undefined;
    this.#limits = this.#engineLimit === undefined
      ? owner.limits
      : { ...owner.limits, bytesMax: Math.min(owner.limits.bytesMax, this.#engineLimit.bytesMax) };
    this.failures = owner.failures;
  }

  /** Adds an event to the open batch, which is handed over if that fills it; throws `BackpressureError`. */
  add(metadata: string | Uint8Array, data?: unknown): PushFuture {
    const engineLimit = this.#engineLimit;
    let size = engineLimit === undefined
      ? metadata.length
      : Buffer.byteLength(metadata) + engineLimit.bytesPerEvent;
    let part: OutgoingData = undefined;
    let pieceSizes: readonly number[] | undefined = undefined;
    let dataSize = 0;
    // The common case makes no object; without bytes it may be a view that lost its memory.
    if (data instanceof Uint8Array && data.byteLength > 0) {
      dataSize = data.byteLength;
      part = data;
    } else if (data !== undefined && data !== null) {
      const pushed = data instanceof PushedData ? data : normalizeData(data);
      if (pushed.stream !== undefined) return this.#addStream(metadata, pushed.stream);
      dataSize = pushed.size;
      pieceSizes = pushed.sizes;
      if (dataSize > 0) part = pushed.bytes;
    }
    size += dataSize;
    this.#checkPending();
    const batch = this.#roomFor(size);
    const index = batch.count;
    const number = batch.nextNumber();
    (batch.metadata as (string | Uint8Array)[])[index] = metadata;
    if (part !== undefined) batch.addData(part, dataSize, pieceSizes);
    batch.count = index + 1;
    batch.bytes += size;
    const openBytes = this.#owner.openBytes += size + EVENT_BYTES;
    if (index + 1 >= this.#limits.eventsMax || batch.bytes >= this.#limits.bytesMax) this.handOver();
    else if (openBytes > this.#limits.openBytesMax && this.#mayStore) this.#owner.relieve();
    else if (this.#idle === undefined) this.#idle = setImmediate(this.#onIdle);
    return new PushFuture(batch, number);
  }

  /**
   * Gives what waits and the open batch to the driver. False when some of it has to wait, because too much is being
   * stored already; it then goes as soon as there is room.
   */
  handOver(): boolean {
    return this.#giveWaiting() && (this.#open === undefined || this.#give(this.#open));
  }

  #giveWaiting(): boolean {
    for (let next; (next = this.#waiting[this.#nextWaiting]) !== undefined;) {
      if (!this.#give(next)) return false;
    }
    return true;
  }

  #give(batch: PushBatch): boolean {
    const { driver, inFlight } = this.#owner;
    if (diagnostics.push.hasSubscribers) batch.begunMs = performance.now();
    if (batch.data !== undefined) this.#dropChanged(batch);
    let stored: number | Promise<number> | undefined;
    try {
      // All its events may have been taken out.
      if (batch.count === 0) stored = 0;
      else if (inFlight.size < this.#limits.batchesMax) stored = driver.append(this.partition, batch);
      else if (batch.stream === undefined) stored = driver.appendSync?.(this.partition, batch);
      if (stored === undefined) {
        this.#due = true;
        return false;
      }
    } catch (error) {
      this.#closeBatch(batch);
      this.#fail(batch, error);
      return true;
    }
    this.#closeBatch(batch);
    if (typeof stored === "number") {
      this.#spare = batch.metadata;
      this.#succeed(batch, stored);
    } else this.#follow(batch, stored);
    return true;
  }

  /** Hands over a batch that could not go before, now that something was stored. */
  retry(): void {
    if (!this.#due || !this.#giveWaiting()) return;
    if (this.#inFlight === 0 || this.#isFull()) this.handOver();
  }

  /** An event of this batch is waited for: it goes when the running code has pushed all it wants to. */
  hurry(batch: PushBatch): void {
    // What components have yet to answer to comes a little later, and had better share the batch.
    if (batch !== this.#open || this.#hurried || this.#owner.expectsMore()) return;
    this.#hurried = true;
    queueMicrotask(() => {
      this.#hurried = false;
      this.#onIdle();
    });
  }

  // While a batch of this batcher is being stored the next one fills: the busier, the larger the batches.
  readonly #onIdle = (): void => {
    if (this.#inFlight === 0) this.handOver();
    else this.#due = this.#holds;
  };

  /** Whether anything is not handed over yet. */
  get #holds(): boolean {
    return this.#open !== undefined || this.#nextWaiting < this.#waiting.length;
  }

  /** Whether handing over may succeed now: there is room, or the engine can make the push wait. */
  get #mayStore(): boolean {
    const { driver, inFlight } = this.#owner;
    return inFlight.size < this.#limits.batchesMax || driver.appendSync !== undefined;
  }

  /** Throws `BackpressureError` when as much waits as may, and cannot be handed over. */
  #checkPending(): void {
    const { openBytes, waitingBytes } = this.#owner;
    if (openBytes + waitingBytes <= this.#limits.pendingBytesMax || this.handOver()) return;
    throw new BackpressureError(
      `Cannot push to partition ${this.partition}: ${openBytes + waitingBytes} bytes wait to be stored; ` +
        `await producer.ready() before pushing more, or raise maxPendingBytes`,
    );
  }

  #isFull(): boolean {
    const open = this.#open;
    return open !== undefined &&
      (open.count >= this.#limits.eventsMax || open.bytes >= this.#limits.bytesMax);
  }

  /** The open batch, or a new one if the event would make it too large. */
  #roomFor(size: number): PushBatch {
    const open = this.#open;
    if (open !== undefined) {
      const { eventsMax, bytesMax } = this.#limits;
      if (open.count < eventsMax && open.bytes + size <= bytesMax) return open;
      if (!this.handOver()) {
        if (this.#engineLimit !== undefined && open.bytes + size <= bytesMax) return open;
        this.#setAside(open);
      }
    }
    const batch = new PushBatch(this, this.#spare ?? []);
    this.#spare = undefined;
    this.#open = batch;
    return batch;
  }

  /** Lets a batch wait for room, since another one has to be filled. */
  #setAside(batch: PushBatch): void {
    const held = heldBytes(batch);
    this.#owner.openBytes -= held;
    this.#owner.waitingBytes += held;
    this.#waiting.push(batch);
    this.#open = undefined;
    this.#due = true;
    this.#stopIdle();
  }

  /** A stream goes alone and at once, after everything pushed before it. */
  #addStream(metadata: string | Uint8Array, stream: AsyncIterable<Uint8Array>): PushFuture {
    this.#checkPending();
    if (!this.handOver() && this.#open !== undefined) this.#setAside(this.#open);
    const batch = new PushBatch(this, [metadata] as string[] | Uint8Array[]);
    batch.count = 1;
    batch.bytes = metadata.length;
    batch.stream = stream;
    this.#owner.openBytes += batch.bytes + EVENT_BYTES;
    this.#open = batch;
    if (!this.handOver()) this.#setAside(batch);
    return new PushFuture(batch, 0);
  }

  #dropChanged(batch: PushBatch): void {
    const held = heldBytes(batch);
    batch.dropChangedData();
    this.#letGo(batch, held - heldBytes(batch));
  }

  #letGo(batch: PushBatch, bytes: number): void {
    if (batch === this.#open) this.#owner.openBytes -= bytes;
    else this.#owner.waitingBytes -= bytes;
  }

  #closeBatch(batch: PushBatch): void {
    this.#letGo(batch, heldBytes(batch));
    if (batch === this.#open) {
      this.#open = undefined;
      this.#stopIdle();
    } else if (++this.#nextWaiting === this.#waiting.length) {
      this.#waiting = [];
      this.#nextWaiting = 0;
    }
    this.#due = this.#holds;
  }

  #stopIdle(): void {
    if (this.#idle === undefined) return;
    clearImmediate(this.#idle);
    this.#idle = undefined;
  }

  #follow(batch: PushBatch, stored: Promise<number>): void {
    this.#inFlight++;
    this.#owner.inFlight.add(batch);
    const settle = () => {
      this.#inFlight--;
      this.#owner.onSettled(batch);
    };
    stored.then((baseId) => {
      this.#succeed(batch, baseId);
      settle();
    }, (error) => {
      this.#fail(batch, error);
      settle();
    });
  }

  #succeed(batch: PushBatch, baseId: number): void {
    batch.succeed(baseId);
    if (diagnostics.push.hasSubscribers) publishStored(this.#owner, this.partition, batch);
  }

  #fail(batch: PushBatch, error: unknown): void {
    batch.fail(error);
    if (diagnostics.push.hasSubscribers) publishFailed(this.#owner, this.partition, batch);
  }
}

/** What a batch takes in memory, roughly. */
function heldBytes({ bytes, count }: PushBatch): number {
  return bytes + count * EVENT_BYTES;
}
