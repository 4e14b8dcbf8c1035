import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Topic } from "../../mod.ts";
import { ofPartition } from "../of_partition.ts";
import { messageOf, sendPiece } from "./answer.ts";
import type { LiveView } from "./contract.ts";
import { readEvents } from "./event_reader.ts";
import { type EventFilter, filterOf } from "./filter.ts";
import type { OpenTopics } from "./open_topics.ts";
import type { Query } from "./query.ts";

/** How often the ends of the partitions are looked at. */
const INTERVAL_MS = 250;
/** Looking takes at most this share of the time, however many partitions there are. */
const SHARE_MAX = 0.25;
/** No one reads more events at a time: 200 a second. They are shared fairly among the partitions that have new ones. */
const EVENTS_MAX = 50;
/** What a filter looks through of one partition at a time; what came faster is skipped, and counted. */
const SCANNED_MAX = 20_000;
const PATIENCE_MS = 150;
/** Something is sent at least this often, so that a connection that is gone is noticed. */
const HEARTBEAT_MS = 5000;
/** A look at the ends serves every tail of a topic for so long. */
const LOOK_MS = 200;

/** A tail goes on with a newly opened topic this often. */
const ROUND_MS = 5000;

/** What a live tail is asked for. */
export interface TailRequest {
  topics: OpenTopics;
  name: string;
  query: Query;
  response: ServerResponse;
  /** Aborted when no one listens any more. */
  signal: AbortSignal;
}

/** Sends the events of a topic as they come, for as long as the response is read. */
export async function liveTail({ topics, name, query, response, signal }: TailRequest): Promise<void> {
  const only = query.count("partition");
  const filter = filterOf(query);
  const tail = new LiveTail(response, { only, filter });
  await topics.use(name, (topic) => tail.begin(topic));
  response.writeHead(200, { "content-type": "text/event-stream" });
  await send(response, "events", { events: [], skipped: 0 } satisfies LiveView);
  while (!signal.aborted) {
    await topics.use(name, async (topic) => {
      const untilMs = performance.now() + ROUND_MS;
      while (!signal.aborted && performance.now() < untilMs) await tail.step(topic, signal);
    });
  }
}

/** How far a listener is. */
class LiveTail {
  readonly #positions = new Map<number, number>();
  #sentMs = performance.now();
  #turn = 0;

  constructor(
    private readonly response: ServerResponse,
    private readonly wanted: { only: number | undefined; filter: EventFilter | undefined },
  ) {}

  /** Begins at the end. */
  async begin(topic: Topic): Promise<void> {
    const { only } = this.wanted;
    if (only !== undefined) ofPartition(topic.partitions, only);
    for (const { partition, nextId, fault } of await lookAgain(topic)) {
      if (fault === undefined) this.#positions.set(partition, nextId);
    }
  }

  /** Sends what is new, and waits a little. */
  async step(topic: Topic, signal: AbortSignal): Promise<void> {
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
    const { events, skipped } = await this.#sample(topic, fresh, signal);
    if (events.length > 0 || skipped > 0 || beganMs - this.#sentMs > HEARTBEAT_MS) {
      events.sort((one, other) => one.timestamp - other.timestamp);
      await send(this.response, "events", { events, skipped });
      this.#sentMs = performance.now();
    }
    const pauseMs = Math.max(INTERVAL_MS, (performance.now() - beganMs) / SHARE_MAX);
    await delay(pauseMs, undefined, { signal }).catch(() => {});
  }

  /**
   * Reads the newest of what is new. Those with the least to read come first, so that what they leave of their share
   * goes to the others; which of equals comes first changes, for time may run out.
   */
  async #sample(topic: Topic, fresh: Fresh[], signal: AbortSignal): Promise<LiveView> {
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
      const isOver = sample.events.length >= EVENTS_MAX || nowMs >= endMs || signal.aborted;
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

/** The ends of a topic's partitions, asked for once for all of its tails. */
function lookAt(topic: Topic): ReturnType<Topic["describe"]> {
  const nowMs = performance.now();
  const last = looks.get(topic);
  return last !== undefined && nowMs - last.atMs < LOOK_MS ? last.ends : lookAgain(topic);
}

/** What a tail begins with: no later look is older. */
function lookAgain(topic: Topic): ReturnType<Topic["describe"]> {
  const ends = topic.describe();
  looks.set(topic, { atMs: performance.now(), ends });
  return ends;
}

/** Says what ended the tail. */
export async function sendTailFault(response: ServerResponse, error: unknown): Promise<void> {
  await send(response, "fault", { fault: messageOf(error) });
}

function send(response: ServerResponse, name: string, value: unknown): Promise<void> {
  return sendPiece(response, `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`);
}
