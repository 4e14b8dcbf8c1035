import type { ServerResponse } from "node:http";
import { NoSuchPartitionError } from "../../mod.ts";
import type { LiveView } from "./contract.ts";
import { filterOf } from "./filter.ts";
import { type LiveListener, liveMessage, LivePoll } from "./live_poll.ts";
import type { OpenTopics } from "./open_topics.ts";
import type { Query } from "./query.ts";
import { messageOf } from "../text/message.ts";

/** Something is sent at least this often, so that a dead connection is noticed. */
const HEARTBEAT_MS = 5000;

/** A request for a live tail. */
interface TailRequest {
  topics: OpenTopics;
  name: string;
  query: Query;
  response: ServerResponse;
  /** Aborted when the client is gone. */
  signal: AbortSignal;
}

/** The live tails of a server. Identical requests share one poll of the topic. */
export class LiveTails {
  readonly #polls = new Map<string, LivePoll>();

  /** Sends the events of a topic as they arrive, as long as the client is connected. */
  async send({ topics, name, query, response, signal }: TailRequest): Promise<void> {
    const only = query.count("partition");
    const key = JSON.stringify([name, only, query.text("filter"), query.text("text")]);
    const filter = filterOf(query);
    await topics.use(name, (topic) => {
      if (only === undefined || only < topic.partitions.length) return Promise.resolve();
      throw new NoSuchPartitionError(only, topic.partitions.length);
    });
    const poll = this.#polls.get(key) ?? new LivePoll(topics, { name, only, filter });
    this.#polls.set(key, poll);
    const listener = new Listener(response);
    const leave = poll.join(listener);
    try {
      await poll.begun;
      response.writeHead(200, { "content-type": "text/event-stream" });
      listener.begin();
      await poll.until(signal);
    } finally {
      leave();
      listener.end();
      if (poll.isOver && this.#polls.get(key) === poll) this.#polls.delete(key);
    }
  }
}

/** One client; events that arrive before it has read the previous message are counted and dropped. */
class Listener implements LiveListener {
  #isReading = false;
  #isFull = false;
  #skipped = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly response: ServerResponse) {}

  /** Sends heartbeats, starting now. */
  begin(): void {
    this.#isReading = true;
    this.take({ events: [], skipped: 0 });
    this.#timer = setInterval(() => this.take({ events: [], skipped: 0 }), HEARTBEAT_MS);
  }

  end(): void {
    this.#isReading = false;
    clearInterval(this.#timer);
  }

  take(view: LiveView, text = liveMessage("events", view)): void {
    if (!this.#isReading || this.response.destroyed) return;
    if (this.#isFull) {
      this.#skipped += view.events.length + view.skipped;
      return;
    }
    const hasSkipped = this.#skipped > 0;
    const message = hasSkipped
      ? liveMessage("events", { ...view, skipped: view.skipped + this.#skipped })
      : text;
    this.#skipped = 0;
    this.#isFull = !this.response.write(message);
    if (this.#isFull) this.response.once("drain", () => this.#isFull = false);
  }
}

/** Sends the error that ended the tail. */
export function sendTailFault(response: ServerResponse, error: unknown): void {
  response.write(liveMessage("fault", { fault: messageOf(error) }));
}
