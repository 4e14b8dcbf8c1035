import type { Topic } from "../../mod.ts";
import type { ConsumerView, Page } from "./contract.ts";
import { Cache } from "./cache.ts";
import type { OpenTopics } from "./open_topics.ts";
import { lagTotals } from "./totals.ts";
import { membersOf } from "../topic/members.ts";

interface Consumers {
  names: string[];
  views: Cache<ConsumerView>;
  /** Time of the latest refresh. */
  atMs: number;
}

/**
 * Cached consumer lag: with many partitions each query takes a while, so only a few are queried at a time, missing
 * and oldest ones first.
 */
export class Lags {
  readonly #topics = new Map<string, Consumers>();

  constructor(private readonly topics: OpenTopics) {}

  /** The consumers of a topic, with their lag as far as known. */
  known(topic: string): ConsumerView[] {
    const known = this.#topics.get(topic);
    return known === undefined ? [] : known.names.flatMap((name) => known.views.get(name) ?? []);
  }

  /** Whether all consumers of a topic have been queried. */
  isKnown(topic: string): boolean {
    const known = this.#topics.get(topic);
    return known !== undefined && known.names.every((name) => known.views.get(name) !== undefined);
  }

  /** Queries consumers of these topics, for a limited time. */
  async refresh(topics: readonly string[], patienceMs: number): Promise<void> {
    const untilMs = performance.now() + patienceMs;
    const atMs = (topic: string): number => this.#topics.get(topic)?.atMs ?? -Infinity;
    for (const name of [...topics].sort((one, other) => atMs(one) - atMs(other))) {
      if (performance.now() > untilMs) return;
      try {
        await this.topics.use(name, (topic) => this.#refreshOne(topic, untilMs));
      } catch {
        // The list of topics reports errors of a topic.
        this.#topics.set(name, { names: [], views: new Cache(), atMs: performance.now() });
      }
    }
  }

  /** Drops all other topics. */
  keep(topics: readonly string[]): void {
    const names = new Set(topics);
    for (const name of this.#topics.keys()) if (!names.has(name)) this.#topics.delete(name);
  }

  /** Queries these consumers of a topic for a limited time; returns those that are known. */
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
    const views = this.#topics.get(topic.name)?.views ?? new Cache<ConsumerView>();
    views.keep(names);
    this.#topics.set(topic.name, { names, views, atMs: performance.now() });
    await views.refresh(wanted ?? names, untilMs, async (name) => {
      const partitions = await topic.lag(name);
      return { name, ...lagTotals(partitions), partitions };
    });
  }
}

/** Time limit of one response; the page asks again. */
const TIME_LIMIT_MS = 400;

/** Some of the consumer names of a topic, and their lag as far as it is known. */
export async function consumersPage(
  topic: Topic,
  lags: Lags,
  { offset, limit }: { offset: number; limit: number },
): Promise<Page<ConsumerView>> {
  const names = await topic.consumers();
  const shown = names.slice(offset, offset + limit);
  const known = await lags.of(topic, shown, TIME_LIMIT_MS);
  const members = await Promise.all(shown.map((name) => membersOf(topic, name)));
  const items = shown.map((name, index): ConsumerView => {
    const view = known.get(name) ??
      { name, events: 0, bytes: 0, seconds: 0, partitions: [], isUnseen: true };
    const sharing = members[index] ?? [];
    return sharing.length === 0 ? view : { ...view, members: sharing };
  });
  return { total: names.length, offset, items };
}
