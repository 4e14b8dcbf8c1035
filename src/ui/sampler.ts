import type { Topic } from "../../mod.ts";
import type { Sample } from "./contract.ts";
import type { Lags } from "./lags.ts";
import type { OpenTopics } from "./open_topics.ts";
import { order } from "./query.ts";
import { lagTotals } from "./totals.ts";

/** Minimum interval between samples of a topic, and the number of samples kept: half an hour. */
const INTERVAL_MS = 2000;
const SAMPLES_MAX = 900;
/** A topic without requests for this long is no longer sampled. */
const FORGOTTEN_MS = 10 * 60_000;
/** Maximum share of the time spent sampling. */
const SHARE_MAX = 0.1;
/** Of more positions than this, only some are queried per sample, for a limited time; the others are as known. */
const POSITIONS_MAX = 1000;
const LAGS_MS = 100;
/** The number of consumers in a sample: those with the largest lag. */
const CONSUMERS_MAX = 100;

interface Watched {
  askedMs: number;
  dueMs: number;
  samples: Sample[];
}

/** Samples topics every few seconds, as long as they are viewed. */
export class Sampler implements Disposable {
  readonly #watched = new Map<string, Watched>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;
  #disposed = false;

  constructor(private readonly topics: OpenTopics, private readonly lags: Lags) {}

  /** The samples of a topic after a time. Starts sampling it. */
  async samples(name: string, since: number): Promise<Sample[]> {
    let watched = this.#watched.get(name);
    if (watched === undefined) {
      watched = { askedMs: performance.now(), dueMs: performance.now() + INTERVAL_MS, samples: [] };
      watched.samples.push(await this.topics.use(name, this.#sampleOf));
      this.#watched.set(name, watched);
    }
    watched.askedMs = performance.now();
    this.#schedule();
    return watched.samples.filter(({ time }) => time > since);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    // A timer that is set stays: requests in quick succession must not put it off.
    if (this.#running || this.#disposed || this.#timer !== undefined || this.#watched.size === 0) return;
    const dueMs = Math.min(...[...this.#watched.values()].map((watched) => watched.dueMs));
    this.#timer = setTimeout(() => void this.#sampleDue(), Math.max(20, dueMs - performance.now()));
    this.#timer.unref?.();
  }

  async #sampleDue(): Promise<void> {
    this.#running = true;
    this.#timer = undefined;
    for (const [name, watched] of this.#watched) {
      const beganMs = performance.now();
      if (beganMs - watched.askedMs > FORGOTTEN_MS) this.#watched.delete(name);
      if (beganMs < watched.dueMs || this.#disposed) continue;
      try {
        watched.samples.push(await this.topics.use(name, this.#sampleOf));
        if (watched.samples.length > SAMPLES_MAX) watched.samples.shift();
      } catch {
        // A request for the topic reports the error; a deleted one is dropped after a while.
      }
      const nowMs = performance.now();
      watched.dueMs = Math.max(beganMs + INTERVAL_MS, nowMs + (nowMs - beganMs) / SHARE_MAX);
    }
    this.#running = false;
    this.#schedule();
  }

  readonly #sampleOf = async (topic: Topic): Promise<Sample> => {
    const partitions = await topic.describe();
    const sample: Sample = { time: Date.now(), events: 0, bytes: 0, lag: {} };
    for (const { nextId, bytes } of partitions) {
      sample.events += nextId;
      sample.bytes += bytes;
    }
    const lags = await this.#lagsOf(topic, partitions.length);
    lags.sort(order(([, events]) => events, true));
    sample.lag = Object.fromEntries(lags.slice(0, CONSUMERS_MAX));
    return sample;
  };

  /** The lag of each consumer, in events. */
  async #lagsOf(topic: Topic, partitions: number): Promise<[consumer: string, events: number][]> {
    const names = await topic.consumers();
    if (names.length * partitions > POSITIONS_MAX) {
      const views = await this.lags.of(topic, names, LAGS_MS);
      return [...views].map(([name, { events }]) => [name, events]);
    }
    const lags: [string, number][] = [];
    for (const name of names) {
      lags.push([name, lagTotals(await topic.lag(name)).events]);
    }
    return lags;
  }
}
