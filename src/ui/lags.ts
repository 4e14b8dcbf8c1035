import type { Topic } from "../../mod.ts";
import type { ConsumerView } from "./contract.ts";
import { Known } from "./known.ts";
import type { OpenTopics } from "./open_topics.ts";

interface Consumers {
  names: string[];
  views: Known<ConsumerView>;
  /** When it was gone on with last. */
  atMs: number;
}

/**
 * How far consumers are behind, as far as it was asked: with many partitions each answer takes a while, so that a few
 * are asked for at a time, those first that were never asked for or longest ago.
 */
export class Lags {
  readonly #topics = new Map<string, Consumers>();

  constructor(private readonly topics: OpenTopics) {}

  /** The consumers of a topic, as far as they were asked for. */
  known(topic: string): ConsumerView[] {
    const known = this.#topics.get(topic);
    return known === undefined ? [] : known.names.flatMap((name) => known.views.get(name) ?? []);
  }

  /** Whether all consumers of a topic were asked for. */
  isKnown(topic: string): boolean {
    const known = this.#topics.get(topic);
    return known !== undefined && known.names.every((name) => known.views.get(name) !== undefined);
  }

  /** Asks for consumers of these topics, for a while. */
  async refresh(topics: readonly string[], patienceMs: number): Promise<void> {
    const untilMs = performance.now() + patienceMs;
    const atMs = (topic: string): number => this.#topics.get(topic)?.atMs ?? -Infinity;
    for (const name of [...topics].sort((one, other) => atMs(one) - atMs(other))) {
      if (performance.now() > untilMs) return;
      try {
        await this.topics.use(name, (topic) => this.#refreshOne(topic, untilMs));
      } catch {
        // What is wrong with a topic is said where it is listed.
        this.#topics.set(name, { names: [], views: new Known(), atMs: performance.now() });
      }
    }
  }

  /** Forgets all topics but these. */
  keep(topics: readonly string[]): void {
    const names = new Set(topics);
    for (const name of this.#topics.keys()) if (!names.has(name)) this.#topics.delete(name);
  }

  /** Asks for these consumers of a topic, for a while; gives those that are known. */
  async of(topic: Topic, names: readonly string[], patienceMs: number): Promise<Map<string, ConsumerView>> {
    await this.#refreshOne(topic, performance.now() + patienceMs, names);
    const views = this.#topics.get(topic.name)?.views;
    return new Map(names.flatMap((name): [string, ConsumerView][] => {
      const view = views?.get(name);
      return view === undefined ? [] : [[name, view]];
    }));
  }

  async #refreshOne(topic: Topic, untilMs: number, wanted?: readonly string[]): Promise<void> {
    const names = await topic.consumers();
    const views = this.#topics.get(topic.name)?.views ?? new Known<ConsumerView>();
    views.keep(names);
    this.#topics.set(topic.name, { names, views, atMs: performance.now() });
    await views.refresh(wanted ?? names, untilMs, async (name) => viewOf(name, await topic.lag(name)));
  }
}

function viewOf(name: string, partitions: ConsumerView["partitions"]): ConsumerView {
  return {
    name,
    events: partitions.reduce((sum, { events }) => sum + events, 0),
    bytes: partitions.reduce((sum, { bytes }) => sum + bytes, 0),
    seconds: Math.max(0, ...partitions.map(({ seconds }) => seconds)),
    partitions,
  };
}
