import type { Driver, TopicInfo } from "../../mod.ts";
import { TopicNotFoundError } from "../../mod.ts";
import { messageOf } from "./answer.ts";
import type { Page, TopicLine } from "./contract.ts";
import type { OpenTopics } from "./open_topics.ts";
import { totalsOf } from "./totals.ts";

/** A list is believed for this long, or for ten times as long as it took to make. */
const BELIEVED_MS = 2000;

/** The topics of the store. Of a thousand topics only those that are shown are looked at. */
export class Listing {
  readonly #driver: Driver;
  readonly #topics: OpenTopics;
  #list: Promise<Map<string, TopicInfo>> | undefined;
  #staleMs = 0;
  /** What was there when a topic's line was made last. */
  readonly #before = new Map<string, { timeMs: number; events: number }>();

  constructor(driver: Driver, topics: OpenTopics) {
    this.#driver = driver;
    this.#topics = topics;
  }

  /** One topic; throws `TopicNotFoundError`. */
  async info(name: string): Promise<TopicInfo> {
    const info = (await this.#infos()).get(name);
    if (info !== undefined) return info;
    // It may be newer than the list.
    this.#list = undefined;
    const newer = (await this.#infos()).get(name);
    if (newer === undefined) throw new TopicNotFoundError(name, this.#driver.name);
    return newer;
  }

  /** Some of the topics whose names have a text in them. */
  async page(search: string, { offset, limit }: { offset: number; limit: number }): Promise<Page<TopicLine>> {
    const wanted = search.toLowerCase();
    const infos = [...(await this.#infos()).values()]
      .filter(({ name }) => name.toLowerCase().includes(wanted))
      .sort((one, other) => one.name < other.name ? -1 : 1);
    const items: TopicLine[] = [];
    for (const info of infos.slice(offset, offset + limit)) items.push(await this.#line(info));
    return { total: infos.length, offset, items };
  }

  async #line({ name, numPartitions, layout }: TopicInfo): Promise<TopicLine> {
    if (layout !== undefined) {
      return { name, numPartitions, fault: "Written by the C++ files driver; import it to look into it" };
    }
    try {
      const partitions = await this.#topics.use(name, (topic) => topic.describe());
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
  }

  #infos(): Promise<Map<string, TopicInfo>> {
    const beganMs = performance.now();
    if (this.#list === undefined || beganMs > this.#staleMs) {
      this.#staleMs = Infinity;
      const list = this.#driver.listTopics();
      this.#list = list;
      list.then(() => {
        const nowMs = performance.now();
        this.#staleMs = nowMs + Math.max(BELIEVED_MS, 10 * (nowMs - beganMs));
      }, () => {
        if (this.#list === list) this.#list = undefined;
      });
    }
    return this.#list;
  }
}
