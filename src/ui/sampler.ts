import type { Topic } from "../../mod.ts";
import type { Sample } from "./contract.ts";
import type { OpenTopics } from "./open_topics.ts";

/** Minimum interval between samples of a topic, and the number of samples kept: half an hour. */
const INTERVAL_MS = 2000;
const SAMPLES_MAX = 900;
/** A topic without requests for this long is no longer sampled. */
const FORGOTTEN_MS = 10 * 60_000;
/** Maximum share of the time spent sampling. */
const SHARE_MAX = 0.1;
/** Querying more positions than this would take too long. */
const POSITIONS_MAX = 1000;

interface Watched {
  askedMs: number;
  dueMs: number;
  samples: Sample[];
}

/** Samples topics every few seconds, as long as they are viewed. */
export class Sampler implements Disposable {
  readonly #topics: OpenTopics;
  readonly #watched = new Map<string, Watched>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;
  #disposed = false;

  constructor(topics: OpenTopics) {
    this.#topics = topics;
  }

  /** The samples of a topic after a time. Starts sampling it. */
  async samples(name: string, since: number): Promise<Sample[]> {
    let watched = this.#watched.get(name);
    if (watched === undefined) {
      watched = { askedMs: performance.now(), dueMs: performance.now() + INTERVAL_MS, samples: [] };
      watched.samples.push(await this.#topics.use(name, sampleOf));
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
        watched.samples.push(await this.#topics.use(name, sampleOf));
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
}

async function sampleOf(topic: Topic): Promise<Sample> {
  const partitions = await topic.describe();
  const sample: Sample = { time: Date.now(), events: 0, bytes: 0, lag: {} };
  for (const { nextId, bytes } of partitions) {
    sample.events += nextId;
    sample.bytes += bytes;
  }
  const names = (await topic.consumers()).slice(0, Math.floor(POSITIONS_MAX / partitions.length));
  for (const name of names) {
    const lags = await topic.lag(name);
    sample.lag[name] = lags.reduce((sum, { events }) => sum + events, 0);
  }
  return sample;
}
