import { setImmediate as turn } from "node:timers/promises";
import type { Topic } from "../../mod.ts";
import type { ConsumerView } from "./contract.ts";
import type { OpenTopics } from "./open_topics.ts";

/** What was asked is believed for so long, or for twenty times as long as asking took. */
const BELIEVED_MS = 2000;
const BELIEVED_TIMES = 20;

interface Asked {
  view: ConsumerView;
  atMs: number;
  tookMs: number;
}

interface Consumers {
  names: string[];
  asked: Map<string, Asked>;
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
    return [...this.#topics.get(topic)?.asked.values() ?? []].map(({ view }) => view);
  }

  /** Whether all consumers of a topic were asked for. */
  isKnown(topic: string): boolean {
    const known = this.#topics.get(topic);
    return known !== undefined && known.asked.size === known.names.length;
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
        this.#topics.set(name, { names: [], asked: new Map(), atMs: performance.now() });
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
    const asked = this.#topics.get(topic.name)?.asked;
    return new Map(names.flatMap((name): [string, ConsumerView][] => {
      const view = asked?.get(name)?.view;
      return view === undefined ? [] : [[name, view]];
    }));
  }

  async #refreshOne(topic: Topic, untilMs: number, wanted?: readonly string[]): Promise<void> {
    const names = await topic.consumers();
    const before = this.#topics.get(topic.name)?.asked;
    const asked = new Map(names.flatMap((name): [string, Asked][] => {
      const known = before?.get(name);
      return known === undefined ? [] : [[name, known]];
    }));
    this.#topics.set(topic.name, { names, asked, atMs: performance.now() });
    const atMs = (name: string): number => asked.get(name)?.atMs ?? -Infinity;
    let hasAsked = false;
    for (const name of [...wanted ?? names].sort((one, other) => atMs(one) - atMs(other))) {
      // One at least, however slow the engine is: each call comes further.
      if (hasAsked && performance.now() > untilMs) return;
      if (isBelieved(asked.get(name))) continue;
      // Files are asked without a pause: others get their turn.
      await turn();
      const beganMs = performance.now();
      const view = viewOf(name, await topic.lag(name));
      hasAsked = true;
      asked.set(name, { view, atMs: performance.now(), tookMs: performance.now() - beganMs });
    }
  }
}

function isBelieved(asked: Asked | undefined): boolean {
  return asked !== undefined &&
    performance.now() - asked.atMs < Math.max(BELIEVED_MS, BELIEVED_TIMES * asked.tookMs);
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
