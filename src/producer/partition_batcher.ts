import { Buffer } from "node:buffer";
import { clearImmediate, setImmediate } from "node:timers";
import { isBytes, normalizeData, PushedData } from "../data/view.ts";
import { diagnostics } from "../diagnostics.ts";
import type { BatchLimit, OutgoingData } from "../contract.ts";
import type { UnobservedFailures } from "./unobserved_failures.ts";
import { type BatchArrays, type BatchOwner, PushBatch } from "./push_batch.ts";
import type { BatcherOwner, Holder } from "./batcher_owner.ts";
import { type BatchLimits, LARGE_DATA_BYTES, loadOf } from "./producer_options.ts";
import { PushFuture } from "./push_future.ts";
import { backpressure, freeBytesOf, hasMemory, hasSlot } from "./backpressure.ts";
import { publishFailed, publishStored } from "./push_report.ts";

/** Approximate memory overhead of an event besides its metadata and data. */
const EVENT_BYTES = 64;

/** Batches the events of one partition: fills the open batch and decides when to submit it to the driver. */
export class PartitionBatcher implements BatchOwner, Holder {
  /** Counts failures of this batcher's batches. */
  readonly failures: UnobservedFailures;
  readonly #owner: BatcherOwner;
  readonly #limits: BatchLimits;
  /** Set if the engine counts every byte of a batch. */
  readonly #engineLimit: BatchLimit | undefined;
  /**
   * Whether the engine may store a batch in parts: one that counts bytes may find out late that it is too large.
   */
  readonly maySplit: boolean;
  /** Up to this many pending bytes there is memory for every event. */
  readonly #pendingBytesFree: number;
  /** The batch being filled. */
  #open: PushBatch | undefined = undefined;
  /** Full batches that are queued, in order; the first is at `#nextQueued`. */
  #queued: PushBatch[] = [];
  #nextQueued = 0;
  /** Submits the open batch in the next turn of the event loop, unless that happens earlier. */
  #idleTimer: ReturnType<typeof setImmediate> | undefined = undefined;
  #submitsSoon = false;
  /** A submission is due but waits for batches in flight. */
  #due = false;
  inFlight = 0;
  queuedBytes = 0;
  isUsed = false;
  /** The arrays of a stored batch, for reuse. */
  #spare: BatchArrays | undefined = undefined;

  constructor(readonly partition: number, owner: BatcherOwner) {
    this.#owner = owner;
    this.#engineLimit = owner.driver.batchLimit;
    this.maySplit = this.#engineLimit !== undefined;
    this.#limits = this.#engineLimit === undefined
      ? owner.limits
      : { ...owner.limits, bytesMax: Math.min(owner.limits.bytesMax, this.#engineLimit.bytesMax) };
    this.#pendingBytesFree = freeBytesOf(owner.limits);
    this.failures = owner.failures;
  }

  /** Adds an event to the open batch, which is submitted if that fills it; throws `BackpressureError`. */
  add(metadata: string | Uint8Array, data?: unknown): PushFuture {
    const engineLimit = this.#engineLimit;
    let size = engineLimit === undefined
      ? metadata.length
      : Buffer.byteLength(metadata) + engineLimit.bytesPerEvent;
    let part: OutgoingData = undefined;
    let pieceSizes: readonly number[] | undefined = undefined;
    let dataSize = 0;
    // The common cases allocate nothing; an empty view may be one of a detached buffer.
    if (data !== undefined && isBytes(data) && data.length > 0) {
      dataSize = data.length;
      part = data;
    } else if (data !== undefined && data !== null) {
      const pushed = data instanceof PushedData ? data : normalizeData(data);
      if (pushed.stream !== undefined) return this.#addStream(metadata, pushed.stream);
      dataSize = pushed.size;
      pieceSizes = pushed.sizes;
      if (dataSize > 0) part = pushed.bytes;
    }
    const load = size +
      (engineLimit === undefined && dataSize > LARGE_DATA_BYTES ? loadOf(dataSize) : dataSize);
    size += dataSize;
    const owner = this.#owner;
    const { eventsMax, bytesMax, openBytesMax } = this.#limits;
    if (owner.openBytes + owner.queuedBytes > this.#pendingBytesFree) this.#checkBackpressure();
    let batch = this.#open;
    if (batch === undefined || batch.count >= eventsMax || batch.load + load > bytesMax) {
      batch = this.#nextBatch(load);
    }
    const index = batch.count;
    (batch.metadata as (string | Uint8Array)[])[index] = metadata;
    if (part !== undefined) {
      if (batch.data === undefined) batch.beginData();
      batch.data![index] = part;
      batch.dataSizes![index] = pieceSizes ?? dataSize;
      batch.dataBytes += dataSize;
    }
    const future = new PushFuture(batch, index + batch.removed);
    batch.count = index + 1;
    batch.bytes += size;
    batch.load += load;
    const openBytes = owner.openBytes += size + EVENT_BYTES;
    if (index + 1 >= eventsMax || batch.load >= bytesMax) this.submit();
    else if (openBytes > openBytesMax && (owner.driver.appendSync !== undefined || hasSlot(this, owner))) {
      owner.submitAll();
    } else if (this.#idleTimer === undefined) this.#idleTimer = setImmediate(this.#onIdle);
    return future;
  }

  /**
   * Submits queued batches and the open batch to the driver. Returns false if some have to wait because too many
   * are in flight; they are submitted as soon as there is room.
   */
  submit(): boolean {
    return this.#submitQueued() && (this.#open === undefined || this.#submitBatch(this.#open));
  }

  #submitQueued(): boolean {
    for (let next; (next = this.#queued[this.#nextQueued]) !== undefined;) {
      if (!this.#submitBatch(next)) return false;
    }
    return true;
  }

  #submitBatch(batch: PushBatch): boolean {
    const { driver } = this.#owner;
    if (diagnostics.push.hasSubscribers) batch.begunMs = performance.now();
    if (batch.data !== undefined) {
      const held = heldBytes(batch);
      const refused = batch.dropChangedData();
      this.#subtractBytes(batch, held - heldBytes(batch));
      if (diagnostics.push.hasSubscribers) publishFailed(this.#owner, this.partition, refused);
    }
    let stored: number | Promise<number> | undefined;
    try {
      // All of its events may have been removed.
      if (batch.count === 0) stored = 0;
      else if (hasSlot(this, this.#owner)) stored = driver.append(this.partition, batch);
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
      this.#spare = batch.spareArrays();
      this.#succeed(batch, stored);
    } else this.#follow(batch, stored);
    return true;
  }

  /** Submits batches that had to wait, after another was stored. */
  retry(): void {
    if (!this.#due || !this.#submitQueued()) return;
    if (this.inFlight === 0 || this.#isFull()) this.submit();
  }

  /** An event of this batch is awaited: submit it once the current synchronous code has pushed its events. */
  submitSoon(batch: PushBatch): void {
    // Events still in asynchronous components arrive soon, and should share the batch.
    if (batch !== this.#open || this.#submitsSoon || this.#owner.expectsMore()) return;
    this.#submitsSoon = true;
    queueMicrotask(() => {
      this.#submitsSoon = false;
      this.#onIdle();
    });
  }

  // While one batch of this batcher is in flight the next one fills: the higher the load, the larger the batches.
  readonly #onIdle = (): void => {
    if (this.inFlight === 0) this.submit();
    else this.#due = this.#hasBatches;
  };

  /** Whether there is anything to submit. */
  get #hasBatches(): boolean {
    return this.#open !== undefined || this.#nextQueued < this.#queued.length;
  }

  get isUnavailable(): boolean {
    return this.#owner.driver.unavailable?.has(this.partition) === true;
  }

  get pendingBytes(): number {
    return this.queuedBytes + (this.#open === undefined ? 0 : heldBytes(this.#open));
  }

  /** Throws `BackpressureError` if the maximum is pending and cannot be submitted. */
  #checkBackpressure(): void {
    if (!hasMemory(this, this.#owner) && !this.submit()) throw backpressure(this, this.#owner);
  }

  #isFull(): boolean {
    const open = this.#open;
    return open !== undefined &&
      (open.count >= this.#limits.eventsMax || open.load >= this.#limits.bytesMax);
  }

  /** A new batch, after the open one if that is full or this event would make it too large. */
  #nextBatch(load: number): PushBatch {
    const open = this.#open;
    if (open !== undefined && !this.submit()) {
      if (this.#engineLimit !== undefined && open.load + load <= this.#limits.bytesMax) return open;
      this.#enqueue(open);
    }
    const batch = new PushBatch(this, this.#spare ?? { metadata: [] });
    this.isUsed = true;
    this.#spare = undefined;
    this.#open = batch;
    return batch;
  }

  /** Queues the open batch, since another one has to be filled. */
  #enqueue(batch: PushBatch): void {
    const held = heldBytes(batch);
    this.#owner.openBytes -= held;
    this.#owner.queuedBytes += held;
    this.queuedBytes += held;
    this.#queued.push(batch);
    this.#open = undefined;
    this.#due = true;
    this.#stopIdleTimer();
  }

  /** A stream is stored in a batch of its own and at once, after everything pushed before it. */
  #addStream(metadata: string | Uint8Array, stream: AsyncIterable<Uint8Array>): PushFuture {
    this.#checkBackpressure();
    if (!this.submit() && this.#open !== undefined) this.#enqueue(this.#open);
    const batch = new PushBatch(this, { metadata: [metadata] as string[] | Uint8Array[] });
    batch.count = 1;
    batch.bytes = metadata.length;
    batch.stream = stream;
    this.#owner.openBytes += batch.bytes + EVENT_BYTES;
    this.#open = batch;
    if (!this.submit()) this.#enqueue(batch);
    return new PushFuture(batch, 0);
  }

  #subtractBytes(batch: PushBatch, bytes: number): void {
    if (batch === this.#open) this.#owner.openBytes -= bytes;
    else {
      this.#owner.queuedBytes -= bytes;
      this.queuedBytes -= bytes;
    }
  }

  #closeBatch(batch: PushBatch): void {
    this.#subtractBytes(batch, heldBytes(batch));
    if (batch === this.#open) {
      this.#open = undefined;
      this.#stopIdleTimer();
    } else if (++this.#nextQueued === this.#queued.length) {
      this.#queued = [];
      this.#nextQueued = 0;
    }
    this.#due = this.#hasBatches;
  }

  #stopIdleTimer(): void {
    if (this.#idleTimer === undefined) return;
    clearImmediate(this.#idleTimer);
    this.#idleTimer = undefined;
  }

  #follow(batch: PushBatch, stored: Promise<number>): void {
    this.inFlight++;
    this.#owner.inFlight.add(batch);
    const settle = () => {
      this.inFlight--;
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
    if (diagnostics.push.hasSubscribers) publishFailed(this.#owner, this.partition, [batch]);
  }
}

/** The approximate memory used by a batch. */
function heldBytes({ bytes, count }: PushBatch): number {
  return bytes + count * EVENT_BYTES;
}
