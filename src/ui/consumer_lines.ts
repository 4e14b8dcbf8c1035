import type { ConsumerLine, SortedPage } from "./contract.ts";
import { Known } from "./known.ts";
import type { OpenTopics } from "./open_topics.ts";
import { order } from "./order.ts";
import type { PageRequest } from "./query.ts";

/** Asking about more positions of one topic than this would take too long. */
const POSITIONS_MAX = 5000;
/** Topics are looked at for so long; the page asks again. */
const PATIENCE_MS = 500;

/** What consumers may be sorted by. */
const KEYS: Readonly<Record<string, (line: ConsumerLine) => number | string>> = {
  topic: ({ topic }) => topic,
  consumer: ({ name }) => name,
  events: ({ events }) => events,
  bytes: ({ bytes }) => bytes,
  seconds: ({ seconds }) => seconds,
};

/** How far every consumer is, over all topics. */
export class ConsumerLines {
  readonly #known: Known<ConsumerLine[]>;

  constructor(topics: OpenTopics) {
    this.#known = new Known((name) => linesOf(topics, name));
  }

  /** Those of one topic, as of a moment ago. */
  of(topic: string): Promise<ConsumerLine[]> {
    return this.#known.recent(topic);
  }

  /** Some of those whose name, or whose topic's, has a text in it; the one that lags most first unless asked otherwise. */
  async page(
    topics: readonly string[],
    { search, sort, isDescending, offset, limit }: PageRequest,
  ): Promise<SortedPage<ConsumerLine>> {
    await this.#known.refresh(topics, PATIENCE_MS);
    const wanted = search.toLowerCase();
    const lines = topics.flatMap((topic) => this.#known.get(topic) ?? []).filter(({ topic, name }) =>
      topic.toLowerCase().includes(wanted) || name.toLowerCase().includes(wanted)
    );
    const keyOf = Object.hasOwn(KEYS, sort) ? KEYS[sort] : undefined;
    lines.sort(keyOf === undefined ? order(({ events }) => events, true) : order(keyOf, isDescending));
    return {
      total: lines.length,
      offset,
      items: lines.slice(offset, offset + limit),
      unseen: topics.filter((topic) => this.#known.get(topic) === undefined).length,
    };
  }
}

async function linesOf(topics: OpenTopics, topic: string): Promise<ConsumerLine[]> {
  try {
    return await topics.use(topic, async (opened) => {
      const lines: ConsumerLine[] = [];
      const namesMax = Math.max(1, Math.floor(POSITIONS_MAX / opened.partitions.length));
      for (const name of (await opened.consumers()).slice(0, namesMax)) {
        const partitions = await opened.lag(name);
        lines.push({
          topic,
          name,
          events: partitions.reduce((sum, { events }) => sum + events, 0),
          bytes: partitions.reduce((sum, { bytes }) => sum + bytes, 0),
          seconds: Math.max(0, ...partitions.map(({ seconds }) => seconds)),
        });
      }
      return lines;
    });
  } catch {
    // What is wrong with a topic is said where it is listed.
    return [];
  }
}
