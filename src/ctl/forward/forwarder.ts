import { setImmediate } from "node:timers";
import { type Consumer, type Event, EventGoneError, type Producer, type Topic } from "../../../mod.ts";
import type { Log } from "../console/log.ts";
import { piecesOf, selectSmall } from "../consume/data_sink.ts";
import { sleep } from "../../async.ts";
import { oneLine } from "../report.ts";
import type { Endpoint, Policy } from "./config.ts";
import type { Plugins } from "./plugins.ts";
import { ForwardWindow } from "./window.ts";
import { counted } from "../../text/counted.ts";

/** Delays between attempts of a failing policy. */
const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 30_000;
/** Number of pushes between checks whether the destination keeps up. */
const READY_EVERY = 256;

/** One policy, ready to run. */
interface ForwardTask {
  policy: Policy;
  plugins: Plugins;
  /** Opens the source or the destination; called for each attempt, since it may have been created again. */
  open(endpoint: Endpoint): Promise<Topic>;
  log: Log;
  signal: AbortSignal;
}

/** Forwards until the signal is aborted. A failed attempt is logged and repeated after a delay. */
export async function runForward(task: ForwardTask): Promise<void> {
  const { policy, log, signal } = task;
  const name = `${policy.from.text}->${policy.to.text}`;
  let retryMs = RETRY_MS_MIN;
  while (!signal.aborted) {
    const progress = { acknowledged: 0 };
    try {
      await attempt(task, name, progress).catch((error) => skipGone(task, name, error));
    } catch (error) {
      if (progress.acknowledged > 0) retryMs = RETRY_MS_MIN;
      log.error(`"${name}" failed: ${oneLine(error)}; trying again in ${retryMs / 1000} s`);
      await sleep(retryMs, signal);
      retryMs = Math.min(RETRY_MS_MAX, retryMs * 2);
    }
  }
  log.debug(`"${name}" stopped`);
}

/** Events that retention removed before they were forwarded are lost: moves past them. Throws any other error. */
async function skipGone({ policy, open, log }: ForwardTask, name: string, error: unknown): Promise<void> {
  if (!(error instanceof EventGoneError)) throw error;
  const { partition, id, firstId } = error;
  log.error(
    `"${name}" lost ${
      counted(firstId - id, "event")
    } of partition ${partition}: they were removed from the source`,
  );
  await using source = await open(policy.from);
  await source.seekConsumer(name, { id: firstId }, { partitions: [partition] });
}

async function attempt(task: ForwardTask, name: string, progress: { acknowledged: number }): Promise<void> {
  const { policy, plugins, signal, log } = task;
  await using source = await task.open(policy.from);
  await using destination = await task.open(policy.to);
  const consumer = source.consumer(name, {
    ...(policy.group === true ? { group: true } : {}),
    dataSelector: plugins.dataSelector ?? selectSmall,
    ...(plugins.dataAllocator === undefined ? {} : { dataAllocator: plugins.dataAllocator }),
  });
  try {
    const producer = destination.producer(name);
    try {
      await consumer.ready();
      log.info(`Forwarding "${name}"`);
      // Order within a partition is kept, unless the destination selects partitions by the content of events.
      const keepPartition = destination.partitionSelector.config().type === "default";
      const window = new ForwardWindow(producer);
      const ownBuffers = plugins.dataAllocator !== undefined;
      const whole = plugins.dataSelector === undefined;
      const push = pusher(producer, window, { whole, keepPartition, ownBuffers });
      // User-provided buffers are filled one event at a time: they may come from a pool with a single one.
      const batches = ownBuffers ? oneByOne(consumer, signal) : consumer.batches({ signal });
      try {
        await copy(batches, window, push, signal);
      } finally {
        progress.acknowledged = window.acknowledged;
      }
    } finally {
      // Failures to store were reported already, or are about to be.
      await producer.close().catch(() => {});
    }
  } finally {
    await consumer.close();
  }
}

/** Copies events until the signal is aborted; then everything pushed is settled. */
async function copy(
  batches: AsyncIterator<Event[]>,
  window: ForwardWindow,
  push: (event: Event) => void | Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  try {
    let next = batches.next();
    for (;;) {
      // No event is available: an opportunity to store what was pushed.
      if (!await isImmediate(next)) await window.settled();
      const { done, value: batch } = await next;
      if (done) break;
      for (const event of batch) {
        const wait = push(event);
        if (wait !== undefined) await wait;
      }
      if (window.full) await window.settle();
      next = batches.next();
      // A failure while something else is awaited is handled above.
      next.catch(() => {});
    }
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
  }
  await window.settled();
}

async function* oneByOne(consumer: Consumer, signal: AbortSignal): AsyncGenerator<Event[], undefined, void> {
  for await (const event of consumer.events({ signal })) yield [event];
}

function pusher(
  producer: Producer,
  window: ForwardWindow,
  { whole, keepPartition, ownBuffers }: { whole: boolean; keepPartition: boolean; ownBuffers: boolean },
): (event: Event) => void | Promise<void> {
  let sinceReady = 0;
  return (event) => {
    const options = keepPartition ? { partition: event.partition } : undefined;
    // A user-provided buffer is reused for the next event, before this one is stored.
    const buffers = ownBuffers ? event.dataBuffers.map((buffer) => buffer.slice()) : event.dataBuffers;
    if (whole && buffers.length === 0 && event.dataDescriptor.size > 0) {
      return pushStream(producer, window, event, options);
    }
    const text = event.metadataText;
    void producer.push(text, buffers.length === 0 ? undefined : [...buffers], options);
    let bytes = text.length;
    for (const buffer of buffers) bytes += buffer.byteLength;
    window.add(event, bytes);
    sinceReady += 1 + bytes / 4096;
    if (sinceReady < READY_EVERY) return;
    sinceReady = 0;
    return producer.ready();
  };
}

/** A data part too large for memory is streamed, as a batch of its own. */
async function pushStream(
  producer: Producer,
  window: ForwardWindow,
  event: Event,
  options: { partition: number } | undefined,
): Promise<void> {
  await window.settled();
  await producer.push(event.metadataText, piecesOf(event), options);
  window.add(event, 0);
  await window.settled();
}

/** Whether a promise is settled, or will be within one turn of the event loop. */
async function isImmediate(promise: Promise<unknown>): Promise<boolean> {
  const turn = new Promise<false>((resolve) => setImmediate(() => resolve(false)));
  const settled = promise.then(() => true, () => true);
  return await Promise.race([settled, turn]);
}
