import type { Topic } from "../../mod.ts";
import type { LiveView } from "./contract.ts";
import { readEvents } from "./event_reader.ts";
import type { EventFilter } from "./filter.ts";
import { liveMessage } from "./live_message.ts";
import type { OpenTopics } from "./open_topics.ts";
import { sleep } from "../sleep.ts";

/** How often the ends of the partitions are looked at. */
const INTERVAL_MS = 250;
/** Looking takes at most this share of the time, however many partitions there are. */
const SHARE_MAX = 0.25;
/** No one reads more events at a time: 200 a second. They are shared fairly among the partitions that have new ones. */
const EVENTS_MAX = 50;
/** What a filter looks through of one partition at a time; what came faster is skipped, and counted. */
const SCANNED_MAX = 20_000;
const PATIENCE_MS = 150;
/** A look at the ends serves every poll of a topic for so long. */
const LOOK_MS = 200;
/** A poll goes on with a newly opened topic this often. */
const ROUND_MS = 5000;

/** One who wants to know what comes. */
export interface LiveListener {
  /** Given what came, also as the message that says it. */
  take(view: LiveView, text: string): void;
}

/** What is listened to. */
export interface LiveWanted {
  name: string;
  only: number | undefined;
  filter: EventFilter | undefined;
}

/** Looks at a topic again and again, for as long as there are listeners. */
export class LivePoll {
  /** Done when it is known where the topic ended; what comes from then on is reported. */
  readonly begun: Promise<void>;
  readonly #ending = new AbortController();
  readonly #listeners = new Set<LiveListener>();
  readonly #positions = new Map<number, number>();
  readonly #ended: Promise<void>;
  #turn = 0;

  constructor(private readonly topics: OpenTopics, private readonly wanted: LiveWanted) {
    this.begun = topics.use(wanted.name, (topic) => this.#begin(topic));
    this.#ended = this.begun.then(() => this.#run());
    // Reported by `begun` and `until` to those who wait.
    this.begun.catch(() => this.#ending.abort());
    this.#ended.catch(() => this.#ending.abort());
  }

  /** Whether it looks no more. */
  get isOver(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Reports to a listener what comes, until the function that is given is called. */
  join(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#ending.abort();
    };
  }

  /** Waits until the signal is aborted; rejects when the topic cannot be looked at any more. */
  async until(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    let stop = () => {};
    const aborted = new Promise<void>((resolve) => {
      stop = resolve;
      signal.addEventListener("abort", stop);
    });
    try {
      await Promise.race([this.#ended, aborted]);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await this.topics.use(this.wanted.name, async (topic) => {
        const untilMs = performance.now() + ROUND_MS;
        while (!signal.aborted && performance.now() < untilMs) await this.#step(topic);
      });
    }
  }

  /** Begins at the end. */
  async #begin(topic: Topic): Promise<void> {
    for (const { partition, nextId, fault } of await lookAgain(topic)) {
      if (fault === undefined) this.#positions.set(partition, nextId);
    }
  }

  /** Reports what is new, and waits a little. */
  async #step(topic: Topic): Promise<void> {
    const { only } = this.wanted;
    const beganMs = performance.now();
    const fresh: Fresh[] = [];
    for (const { partition, nextId, firstId, fault } of await lookAt(topic)) {
      if ((only !== undefined && partition !== only) || fault !== undefined) continue;
      // One that could not be asked about before begins at its end, too.
      const known = this.#positions.get(partition) ?? nextId;
      // Ids that begin anew are those of another topic under the same name.
      const position = nextId < known ? firstId : Math.max(known, firstId);
      this.#positions.set(partition, nextId);
      if (nextId > position) fresh.push({ partition, position, nextId });
    }
    const view = await this.#sample(topic, fresh);
    if (view.events.length > 0 || view.skipped > 0) {
      view.events.sort((one, other) => one.timestamp - other.timestamp);
      const text = liveMessage("events", view);
      for (const listener of this.#listeners) listener.take(view, text);
    }
    const pauseMs = Math.max(INTERVAL_MS, (performance.now() - beganMs) / SHARE_MAX);
    await sleep(pauseMs, this.#ending.signal);
  }

  /**
   * Reads the newest of what is new. Those with the least to read come first, so that what they leave of their share
   * goes to the others; which of equals comes first changes, for time may run out.
   */
  async #sample(topic: Topic, fresh: Fresh[]): Promise<LiveView> {
    const turn = this.#turn++;
    const order = fresh.map((one, index) => ({ ...one, rank: (index + turn) % fresh.length })).sort((
      one,
      other,
    ) => one.nextId - one.position - (other.nextId - other.position) || one.rank - other.rank);
    const endMs = performance.now() + PATIENCE_MS;
    const sample: LiveView = { events: [], skipped: 0 };
    for (const [index, { partition, position, nextId }] of order.entries()) {
      const left = order.length - index;
      const share = Math.max(1, Math.floor((EVENTS_MAX - sample.events.length) / left));
      const nowMs = performance.now();
      const isOver = sample.events.length >= EVENTS_MAX || nowMs >= endMs || this.isOver;
      const { events, skipped } = isOver
        ? { events: [], skipped: nextId - position }
        : await this.#read(topic, { partition, position, nextId }, share, nowMs + (endMs - nowMs) / left);
      sample.events.push(...events);
      sample.skipped += skipped;
    }
    return sample;
  }

  async #read(
    topic: Topic,
    { partition, position, nextId }: Fresh,
    limit: number,
    deadlineMs: number,
  ): Promise<LiveView> {
    const { filter } = this.wanted;
    const fromId = Math.max(position, nextId - (filter === undefined ? limit : SCANNED_MAX));
    const { events, untilId } = await readEvents(topic, {
      partition,
      fromId,
      endId: nextId,
      limit,
      filter,
      deadlineMs,
    });
    return { events, skipped: fromId - position + nextId - untilId };
  }
}

/** What came in one partition since the last look. */
interface Fresh {
  partition: number;
  position: number;
  nextId: number;
}

const looks = new WeakMap<Topic, { atMs: number; ends: ReturnType<Topic["describe"]> }>();

/** The ends of a topic's partitions, asked for once for all of its polls. */
function lookAt(topic: Topic): ReturnType<Topic["describe"]> {
  const nowMs = performance.now();
  const last = looks.get(topic);
  return last !== undefined && nowMs - last.atMs < LOOK_MS ? last.ends : lookAgain(topic);
}

/** What a poll begins with: no later look is older. */
function lookAgain(topic: Topic): ReturnType<Topic["describe"]> {
  const ends = topic.describe();
  looks.set(topic, { atMs: performance.now(), ends });
  return ends;
}
