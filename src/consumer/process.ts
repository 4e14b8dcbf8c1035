import { EventGoneError } from "../errors.ts";
import type { Event } from "../event.ts";
import { checkedSignal } from "../future.ts";
import { checkOptions, invalidOption } from "../options.ts";
import type { Acknowledger } from "./acknowledger.ts";
import type { UnfinishedEvents } from "./unfinished_events.ts";
import type { EventsOptions } from "./events_options.ts";

/** What {@linkcode Consumer.process} accepts. */
export interface ProcessOptions extends EventsOptions {
  /** Stops after this many events. Default: no limit. */
  maxEvents?: number | undefined;
  /**
   * Number of concurrent callbacks. Default: 1. With more, acknowledgements are stored only up to the partition's
   * first event whose callback is running or has failed; the rest follow as callbacks end. So a failed event is
   * delivered again after a restart, even if later events were acknowledged.
   */
  concurrency?: number | undefined;
}

/**
 * Thrown by the callback of {@linkcode Consumer.process} to stop it.
 *
 * @example
 * ```ts
 * import { Driver, StopEventProcessor } from "@diaspora/stream";
 *
 * await using driver = await Driver.open("memory", {});
 * await driver.createTopic("jobs", { num_partitions: 1 });
 * await using topic = await driver.openTopic("jobs");
 * await using producer = topic.producer("app");
 * for (const job of [1, 2, 3]) producer.push({ job });
 * await producer.flush();
 * await using consumer = topic.consumer("worker");
 * const count = await consumer.process((event) => {
 *   if (event.id === 1) throw new StopEventProcessor();
 * });
 * console.log(count); // 2
 * ```
 */
export class StopEventProcessor extends Error {
  /** Creates one, to be thrown. */
  constructor() {
    super("the event processor was asked to stop");
    this.name = "StopEventProcessor";
  }
}

/** Calls `callback` with each event; resolves with the number of events. */
export async function processEvents<T>(
  callback: (event: Event<T>) => unknown,
  options: ProcessOptions,
  iterate: (options: EventsOptions) => AsyncIterable<Event<T>>,
  acknowledger: Acknowledger,
): Promise<number> {
  if (typeof callback !== "function") throw invalidOption("process", "callback", callback, "a function");
  const { maxEvents = Infinity, concurrency = 1, ...limits } = readProcessOptions(options);
  if (maxEvents === 0) return 0;
  const run = new ProcessRun(callback, concurrency, acknowledger);
  const signal = options.signal === undefined ? run.signal : AbortSignal.any([options.signal, run.signal]);
  try {
    for await (const event of iterate({ ...limits, signal })) {
      run.start(event);
      if (run.started === maxEvents) break;
      await run.hasRoom();
      if (run.ended) break;
    }
  } catch (error) {
    // What ends the wait once a callback has ended the processing is that; but removed events are reported only once.
    if (!run.ended || error instanceof EventGoneError) run.fail(error);
  } finally {
    await run.finished();
  }
  run.throwFailure();
  return run.started;
}

/** One run of `process`, with its running callbacks. */
class ProcessRun<T> {
  started = 0;
  #failure: { error: unknown } | undefined = undefined;
  readonly #running = new Set<Promise<void>>();
  /** Ends the wait for a callback to end. */
  #onRoom = () => {};
  /** Aborts the wait for the next event when a callback stops the processing. */
  readonly #end = new AbortController();

  /** With concurrent callbacks: the events that must not be acknowledged yet. */
  readonly #unfinished: UnfinishedEvents | undefined;

  constructor(
    private readonly callback: (event: Event<T>) => unknown,
    private readonly concurrency: number,
    private readonly acknowledger: Acknowledger,
  ) {
    if (concurrency > 1) this.#unfinished = acknowledger.beginProcessing();
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  get ended(): boolean {
    return this.#end.signal.aborted;
  }

  start(event: Event<T>): void {
    this.started++;
    if (this.#unfinished !== undefined) this.acknowledger.recordDelivery(event, this.#unfinished);
    const running = this.#call(event).finally(() => {
      this.#running.delete(running);
      this.#onRoom();
    });
    this.#running.add(running);
  }

  async hasRoom(): Promise<void> {
    // Not a race of the running ones: one that runs for long would keep something of each race.
    if (this.#running.size >= this.concurrency) await new Promise<void>((resolve) => this.#onRoom = resolve);
  }

  /** The processing fails with the first error. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  async finished(): Promise<void> {
    await Promise.all(this.#running);
    if (this.#unfinished === undefined) return;
    try {
      await this.acknowledger.endProcessing(this.#unfinished);
    } catch (error) {
      this.fail(error);
    }
  }

  throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #call(event: Event<T>): Promise<void> {
    try {
      await this.callback(event);
      this.#unfinished?.end(event, "done");
    } catch (error) {
      const isStopped = error instanceof StopEventProcessor;
      if (!isStopped) this.fail(error);
      this.#unfinished?.end(event, isStopped ? "stopped" : "failed");
      this.#end.abort();
    }
  }
}

function readProcessOptions(options: ProcessOptions): ProcessOptions {
  checkOptions("process", options, ["until", "timeoutMs", "signal", "maxEvents", "concurrency"]);
  checkedSignal("process", options.signal);
  const { maxEvents, concurrency } = options;
  if (
    maxEvents !== undefined && maxEvents !== Infinity && !(Number.isSafeInteger(maxEvents) && maxEvents >= 0)
  ) {
    throw invalidOption("process", "maxEvents", maxEvents, "a whole number, not negative");
  }
  if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && concurrency > 0)) {
    throw invalidOption("process", "concurrency", concurrency, "a whole number above 0");
  }
  return options;
}
