import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { NoSuchPartitionError, type Topic } from "../../mod.ts";
import { messageOf, sendPiece } from "./answer.ts";
import type { EventView, LiveView } from "./contract.ts";
import { readEvents } from "./event_reader.ts";
import { type EventFilter, parseFilter } from "./filter.ts";
import type { OpenTopics } from "./open_topics.ts";
import type { Query } from "./query.ts";

/** How often the ends of the partitions are looked at. */
const INTERVAL_MS = 250;
/** Looking takes at most this share of the time, however many partitions there are. */
const SHARE_MAX = 0.25;
/** No one reads more events at a time. */
const EVENTS_MAX = 100;
/** What a filter looks through of one partition at a time; what came faster is skipped, and counted. */
const SCANNED_MAX = 20_000;
const PATIENCE_MS = 150;
/** Something is sent at least this often, so that a connection that is gone is noticed. */
const HEARTBEAT_MS = 15_000;

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
  const filter = parseFilter(query.text("filter"));
  const tail = new Tail(response, { only, filter });
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
class Tail {
  readonly #positions = new Map<number, number>();
  #sentMs = performance.now();

  constructor(
    private readonly response: ServerResponse,
    private readonly wanted: { only: number | undefined; filter: EventFilter | undefined },
  ) {}

  /** Begins at the end. */
  async begin(topic: Topic): Promise<void> {
    const { only } = this.wanted;
    if (only !== undefined && only >= topic.partitions.length) {
      throw new NoSuchPartitionError(only, topic.partitions.length);
    }
    for (const { partition, nextId, fault } of await topic.describe()) {
      if (fault === undefined) this.#positions.set(partition, nextId);
    }
  }

  /** Sends what is new, and waits a little. */
  async step(topic: Topic, signal: AbortSignal): Promise<void> {
    const { only } = this.wanted;
    const beganMs = performance.now();
    const events: EventView[] = [];
    let skipped = 0;
    for (const { partition, nextId, firstId, fault } of await topic.describe()) {
      if ((only !== undefined && partition !== only) || fault !== undefined) continue;
      // One that could not be asked about before begins at its end, too.
      const known = this.#positions.get(partition) ?? nextId;
      // Ids that begin anew are those of another topic under the same name.
      const position = nextId < known ? firstId : Math.max(known, firstId);
      this.#positions.set(partition, nextId);
      if (nextId === position) continue;
      const read = await this.#read(topic, { partition, position, nextId, beganMs });
      events.push(...read.events);
      skipped += read.skipped;
    }
    if (events.length > 0 || skipped > 0 || beganMs - this.#sentMs > HEARTBEAT_MS) {
      events.sort((one, other) => one.timestamp - other.timestamp);
      const dropped = Math.max(0, events.length - EVENTS_MAX);
      await send(this.response, "events", { events: events.slice(dropped), skipped: skipped + dropped });
      this.#sentMs = performance.now();
    }
    const pauseMs = Math.max(INTERVAL_MS, (performance.now() - beganMs) / SHARE_MAX);
    await delay(pauseMs, undefined, { signal }).catch(() => {});
  }

  async #read(
    topic: Topic,
    { partition, position, nextId, beganMs }: {
      partition: number;
      position: number;
      nextId: number;
      beganMs: number;
    },
  ): Promise<LiveView> {
    const { filter } = this.wanted;
    const fromId = Math.max(position, nextId - (filter === undefined ? EVENTS_MAX : SCANNED_MAX));
    const { events, untilId } = await readEvents(topic, {
      partition,
      fromId,
      endId: nextId,
      limit: EVENTS_MAX,
      filter,
      deadlineMs: beganMs + PATIENCE_MS,
    });
    return { events, skipped: fromId - position + nextId - untilId };
  }
}

/** Says what ended the tail. */
export async function sendTailFault(response: ServerResponse, error: unknown): Promise<void> {
  await send(response, "fault", { fault: messageOf(error) });
}

function send(response: ServerResponse, name: string, value: unknown): Promise<void> {
  return sendPiece(response, `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`);
}
