import type { Topic } from "../../mod.ts";
import type { EventView, LiveView } from "./contract.ts";
import { readEvents } from "./event_reader.ts";
import type { EventFilter } from "./filter.ts";
import type { OpenTopics } from "./open_topics.ts";
import { sleep } from "../async.ts";

/** Poll interval. */
const INTERVAL_MS = 250;
/** Maximum share of the time spent polling, however many partitions there are. */
const SHARE_MAX = 0.25;
/** Events per poll; no one reads more than 200 per second. Partitions with new events share them fairly. */
const EVENTS_MAX = 50;
/** Maximum number of events scanned with a filter, per partition and poll; others are skipped and counted. */
const SCANNED_MAX = 20_000;
const TIME_LIMIT_MS = 150;
/** A description of a topic is shared by all its polls for this long. */
const DESCRIPTION_MS = 200;
/** How often a poll continues with a newly opened topic. */
const ROUND_MS = 5000;

/** A recipient of new events. */
export interface LiveListener {
  /** Called with new events, and the encoded message. */
  take(view: LiveView, text: string): void;
}

/** What to listen for. */
interface LiveRequest {
  name: string;
  only: number | undefined;
  filter: EventFilter | undefined;
}

/** Polls a topic as long as it has listeners. */
export class LivePoll {
  /** Resolves when the current end of the topic is known; events after it are reported. */
  readonly begun: Promise<void>;
  readonly #ending = new AbortController();
  readonly #listeners = new Set<LiveListener>();
  readonly #positions = new Map<number, number>();
  readonly #ended: Promise<void>;
  #turn = 0;

  constructor(private readonly topics: OpenTopics, private readonly wanted: LiveRequest) {
    this.begun = topics.use(wanted.name, (topic) => this.#begin(topic));
    this.#ended = this.begun.then(() => this.#run());
    // `begun` and `until` report it to their callers.
    this.begun.catch(() => this.#ending.abort());
    this.#ended.catch(() => this.#ending.abort());
  }

  /** Whether polling has ended. */
  get isOver(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Reports new events to a listener until the returned function is called. */
  join(listener: LiveListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#ending.abort();
    };
  }

  /** Resolves when the signal is aborted; rejects when the topic can no longer be polled. */
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

  /** Starts at the end. */
  async #begin(topic: Topic): Promise<void> {
    for (const { partition, nextId, fault } of await describeNow(topic)) {
      if (fault === undefined) this.#positions.set(partition, nextId);
    }
  }

  /** Reports new events, and pauses. */
  async #step(topic: Topic): Promise<void> {
    const { only } = this.wanted;
    const beganMs = performance.now();
    const fresh: Fresh[] = [];
    for (const { partition, nextId, firstId, fault } of await describeShared(topic)) {
      if ((only !== undefined && partition !== only) || fault !== undefined) continue;
      // A partition that was unavailable at first also starts at its end.
      const known = this.#positions.get(partition) ?? nextId;
      // If ids start again, the topic was deleted and recreated.
      const position = nextId < known ? firstId : Math.max(known, firstId);
      this.#positions.set(partition, position);
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
   * Reads the newest of the new events. Partitions with the fewest come first, so that others can use the rest of
   * their share; the order of equal ones rotates, since time may run out: the next poll reads what is left then, as
   * far as it fits the share.
   */
  async #sample(topic: Topic, fresh: Fresh[]): Promise<LiveView> {
    const turn = this.#turn++;
    const order = fresh.map((one, index) => ({ ...one, rank: (index + turn) % fresh.length })).sort((
      one,
      other,
    ) => one.nextId - one.position - (other.nextId - other.position) || one.rank - other.rank);
    const endMs = performance.now() + TIME_LIMIT_MS;
    const sample: LiveView = { events: [], skipped: 0 };
    for (const [index, { partition, position, nextId }] of order.entries()) {
      const left = order.length - index;
      const share = Math.max(1, Math.floor((EVENTS_MAX - sample.events.length) / left));
      const nowMs = performance.now();
      const isFull = sample.events.length >= EVENTS_MAX;
      const { events, fromId, untilId } = isFull || nowMs >= endMs || this.isOver
        ? { events: [], fromId: position, untilId: position }
        : await this.#read(topic, { partition, position, nextId }, share, nowMs + (endMs - nowMs) / left);
      const isLate = !isFull && events.length < share;
      const reached = isLate ? Math.max(untilId, nextId - share) : nextId;
      this.#positions.set(partition, reached);
      sample.events.push(...events);
      sample.skipped += reached - position - (untilId - fromId);
    }
    return sample;
  }

  async #read(
    topic: Topic,
    { partition, position, nextId }: Fresh,
    limit: number,
    deadlineMs: number,
  ): Promise<{ events: EventView[]; fromId: number; untilId: number }> {
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
    return { events, fromId, untilId };
  }
}

/** The new events of one partition. */
interface Fresh {
  partition: number;
  position: number;
  nextId: number;
}

const descriptions = new WeakMap<Topic, { atMs: number; ends: ReturnType<Topic["describe"]> }>();

/** Describes a topic's partitions, shared by all of its polls. */
function describeShared(topic: Topic): ReturnType<Topic["describe"]> {
  const nowMs = performance.now();
  const last = descriptions.get(topic);
  return last !== undefined && nowMs - last.atMs < DESCRIPTION_MS ? last.ends : describeNow(topic);
}

/** Always queries, for the start of a poll. */
function describeNow(topic: Topic): ReturnType<Topic["describe"]> {
  const ends = topic.describe();
  descriptions.set(topic, { atMs: performance.now(), ends });
  return ends;
}

/** A server-sent event. */
export function liveMessage(name: "events" | "fault", value: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
}
