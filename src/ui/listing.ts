import { type Driver, type TopicInfo, TopicNotFoundError } from "../../mod.ts";
import type { Lags } from "./lags.ts";
import type { SortedPage, TopicLine } from "./contract.ts";
import { Cache } from "./cache.ts";
import type { OpenTopics } from "./open_topics.ts";
import { order, type PageRequest } from "./query.ts";
import { totalsOf } from "./totals.ts";
import { messageOf } from "../text/message.ts";

/** The list is cached for this long, or for ten times as long as it took to get it. */
const CACHED_MS = 2000;

/** Time limit for describing topics before they are sorted; the page asks again. */
const TIME_LIMIT_MS = 300;
/** Time limit for querying consumers of the topics shown. */
const LAGS_MS = 200;

/** Sort keys that are only known for topics that have been described. */
const SEEN_KEYS: Readonly<Record<string, (line: TopicLine | undefined) => number | undefined>> = {
  events: (line) => line?.totals?.events,
  bytes: (line) => line?.totals?.bytes,
  rate: (line) => line?.rate,
  newest: (line) => line?.totals?.newestTime,
  // Queried separately, one consumer after the other.
  lag: () => undefined,
};

/** The topics of the store. Of a thousand topics only those that are shown are described. */
export class Listing {
  #list: Promise<Map<string, TopicInfo>> | undefined;
  #staleMs = 0;
  /** Number of events when a topic's line was last created, for its rate. */
  readonly #before = new Map<string, { timeMs: number; events: number }>();
  readonly #lines = new Cache<TopicLine>();

  constructor(
    private readonly parts: {
      driver: Driver;
      /** Where the store is, for errors. */
      place: string;
      topics: OpenTopics;
      lags: Lags;
      /** Number of damaged places known in a topic. */
      damageOf: (name: string) => number;
    },
  ) {}

  /** One topic; throws `TopicNotFoundError`. */
  async info(name: string): Promise<TopicInfo> {
    const info = (await this.#infos()).get(name);
    if (info !== undefined) return info;
    // It may be newer than the list.
    this.#list = undefined;
    const newer = (await this.#infos()).get(name);
    if (newer === undefined) throw new TopicNotFoundError(name, this.parts.place);
    return newer;
  }

  /** Names of the topics that can be opened. */
  async names(): Promise<string[]> {
    const infos = [...(await this.#infos()).values()];
    return infos.filter(({ layout }) => layout === undefined).map(({ name }) => name);
  }

  /** A page of the topics whose names contain a text. */
  async page({ search, sort, isDescending, offset, limit }: PageRequest): Promise<SortedPage<TopicLine>> {
    const wanted = search.toLowerCase();
    const infos = [...(await this.#infos()).values()]
      .filter(({ name }) => name.toLowerCase().includes(wanted))
      .sort(order(({ name }) => name, isDescending && sort === "name"));
    const keyOf = Object.hasOwn(SEEN_KEYS, sort) ? SEEN_KEYS[sort] : undefined;
    let unseen = 0;
    if (sort === "partitions") infos.sort(order(({ numPartitions }) => numPartitions, isDescending));
    if (keyOf !== undefined) {
      const names = infos.map(({ name }) => name);
      this.#lines.keep(names);
      await this.#lines.refresh(names, performance.now() + TIME_LIMIT_MS, this.#look);
      if (sort === "lag") await this.parts.lags.refresh(names, TIME_LIMIT_MS);
      const known = ({ name }: TopicInfo): TopicLine | undefined => this.#lines.get(name);
      const isKnown = (name: string): boolean =>
        sort === "lag" ? this.parts.lags.isKnown(name) : this.#lines.get(name) !== undefined;
      unseen = names.filter((name) => !isKnown(name)).length;
      // Unknown values are sorted last.
      const key = (info: TopicInfo): number =>
        (sort === "lag" ? this.#mostLag(info.name)?.events : keyOf(known(info))) ??
          (isDescending ? -Infinity : Infinity);
      infos.sort(order(key, isDescending));
    }
    const items: TopicLine[] = [];
    for (const { name } of infos.slice(offset, offset + limit)) {
      items.push(await this.#lines.now(name, this.#look));
    }
    await this.parts.lags.refresh(items.map(({ name }) => name), LAGS_MS);
    for (const line of items) {
      const most = this.#mostLag(line.name);
      if (most !== undefined) line.lag = most;
      line.isLagUnseen = !this.parts.lags.isKnown(line.name);
      const damage = this.parts.damageOf(line.name);
      if (damage > 0) line.damage = damage;
    }
    return { total: infos.length, offset, items, unseen };
  }

  /** The consumer of a topic with the largest lag, of those that were queried. */
  #mostLag(topic: string): TopicLine["lag"] {
    const [most] = this.parts.lags.known(topic).toSorted(order(({ events }) => events, true));
    return most === undefined ? undefined : { consumer: most.name, events: most.events };
  }

  readonly #look = async (topic: string): Promise<TopicLine> => {
    const info = (await this.#infos()).get(topic);
    if (info === undefined) return { name: topic, numPartitions: 0, fault: "It was deleted" };
    const { name, numPartitions, layout } = info;
    if (layout !== undefined) {
      return { name, numPartitions, fault: "Written by the C++ files driver; import it to look into it" };
    }
    try {
      const partitions = await this.parts.topics.use(name, (topic) => topic.describe());
      const events = partitions.reduce((sum, { nextId }) => sum + nextId, 0);
      const now = { timeMs: performance.now(), events };
      const before = this.#before.get(name);
      this.#before.set(name, now);
      const line: TopicLine = { name, numPartitions, totals: totalsOf(partitions) };
      if (before !== undefined && events >= before.events) {
        line.rate = (events - before.events) / ((now.timeMs - before.timeMs) / 1000);
      }
      return line;
    } catch (error) {
      return { name, numPartitions, fault: messageOf(error) };
    }
  };

  #infos(): Promise<Map<string, TopicInfo>> {
    const beganMs = performance.now();
    if (this.#list === undefined || beganMs > this.#staleMs) {
      this.#staleMs = Infinity;
      const list = this.parts.driver.listTopics();
      this.#list = list;
      list.then(() => {
        const nowMs = performance.now();
        this.#staleMs = nowMs + Math.max(CACHED_MS, 10 * (nowMs - beganMs));
      }, () => {
        if (this.#list === list) this.#list = undefined;
      });
    }
    return this.#list;
  }
}
