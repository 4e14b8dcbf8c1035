import type { Driver, PartitionLag, Topic } from "../../mod.ts";
import { Cache } from "./cache.ts";
import { OpenMetrics } from "./open_metrics.ts";
import type { OpenTopics } from "./open_topics.ts";
import { totalsOf } from "./totals.ts";

const LIMITS = {
  /** Responses are shared for this long: several Prometheus servers may ask at once. */
  ageMsMax: 1000,
  /** How long the lag of consumers is looked up per response: with thousands of positions, of some at a time. */
  lagsMsMax: 1000,
};

/** The metrics and their descriptions. */
const GAUGES: readonly (readonly [name: string, help: string])[] = [
  ["diaspora_topic_up", "1 when the topic can be read, else 0."],
  ["diaspora_topic_partitions", "Partitions of the topic."],
  ["diaspora_topic_events", "Events that are stored in the topic."],
  ["diaspora_topic_bytes", "Bytes that the topic takes."],
  ["diaspora_topic_next_id", "Sum of the next ids of the topic's partitions: events that were ever pushed."],
  ["diaspora_partition_up", "1 when the partition can be asked about, else 0."],
  ["diaspora_partition_events", "Events that are stored in the partition."],
  ["diaspora_partition_bytes", "Bytes that the partition takes."],
  ["diaspora_partition_first_id", "Id of the oldest event of the partition."],
  ["diaspora_partition_next_id", "Id that the next event of the partition will get."],
  ["diaspora_partition_newest_timestamp_seconds", "Time of the newest event of the partition."],
  ["diaspora_consumer_lag_events", "Events that the consumer has not acknowledged."],
  ["diaspora_consumer_lag_bytes", "Bytes that the consumer has not acknowledged, approximately."],
  ["diaspora_consumer_lag_seconds", "Age of the oldest event that the consumer has not acknowledged."],
  ["diaspora_consumer_lag_timestamp_seconds", "When the lag of the consumer was looked up."],
];

/** A consumer of a topic. */
type Named = { topic: string; consumer: string };

/** When the lag of a consumer was looked up, and what it was. */
interface Known {
  time: number;
  partitions: PartitionLag[];
}

/** Metrics of a store for Prometheus. */
export class StoreMetrics {
  #last: { atMs: number; text: Promise<string> } | undefined;
  /** By topic and consumer; undefined for one that could not be asked about. */
  readonly #lags = new Cache<Known | undefined>();

  constructor(
    private readonly parts: { driver: Driver; topics: OpenTopics; version: string; limits?: typeof LIMITS },
  ) {}

  get #limits(): typeof LIMITS {
    return this.parts.limits ?? LIMITS;
  }

  /** Events, bytes and ids of every topic and partition, and the lag of every consumer, as OpenMetrics text. */
  text(): Promise<string> {
    const nowMs = performance.now();
    if (this.#last === undefined || nowMs - this.#last.atMs > this.#limits.ageMsMax) {
      const text = this.#measure();
      // Failures are not cached.
      text.catch(() => this.#last = undefined);
      this.#last = { atMs: nowMs, text };
    }
    return this.#last.text;
  }

  async #measure(): Promise<string> {
    const { driver, topics, version } = this.parts;
    const metrics = new OpenMetrics();
    metrics.info("diaspora_build", "Version of diaspora-ctl, and the driver.", {
      version,
      driver: driver.name,
    });
    for (const [name, help] of GAUGES) metrics.gauge(name, help);
    // Topics of the C++ driver can only be imported.
    const own = [...(await driver.listTopics()).values()].filter(({ layout }) => layout === undefined);
    const asked = new Map<string, Named>();
    for (const topic of own.map(({ name }) => name).sort()) {
      try {
        const consumers = await topics.use(topic, (opened) => measureTopic(metrics, topic, opened));
        for (const consumer of consumers) asked.set(JSON.stringify([topic, consumer]), { topic, consumer });
        metrics.add("diaspora_topic_up", { topic }, 1);
      } catch {
        // A topic that cannot be opened is reported as such; the others are measured.
        metrics.add("diaspora_topic_up", { topic }, 0);
      }
    }
    const keys = [...asked.keys()];
    this.#lags.keep(keys);
    const untilMs = performance.now() + this.#limits.lagsMsMax;
    await this.#lags.refresh(keys, untilMs, (key) => this.#lagOf(asked.get(key)!));
    for (const [key, consumer] of asked) {
      const known = this.#lags.get(key);
      if (known !== undefined) addLag(metrics, consumer, known);
    }
    return metrics.toString();
  }

  /** The lag of a consumer; undefined if it, or its topic, is gone or cannot be read. */
  async #lagOf({ topic, consumer }: Named): Promise<Known | undefined> {
    try {
      const partitions = await this.parts.topics.use(topic, (opened) => opened.lag(consumer));
      return { time: Date.now(), partitions };
    } catch {
      return undefined;
    }
  }
}

/** Adds what is measured of a topic; returns its consumers. */
async function measureTopic(metrics: OpenMetrics, topic: string, opened: Topic): Promise<string[]> {
  const partitions = await opened.describe();
  const consumers = await opened.consumers();
  const { events, bytes } = totalsOf(partitions);
  metrics.add("diaspora_topic_partitions", { topic }, partitions.length);
  metrics.add("diaspora_topic_events", { topic }, events);
  metrics.add("diaspora_topic_bytes", { topic }, bytes);
  metrics.add("diaspora_topic_next_id", { topic }, partitions.reduce((sum, { nextId }) => sum + nextId, 0));
  for (const { partition, firstId, nextId, bytes, newestTime, fault } of partitions) {
    const labels = { topic, partition };
    metrics.add("diaspora_partition_up", labels, fault === undefined ? 1 : 0);
    metrics.add("diaspora_partition_events", labels, nextId - firstId);
    metrics.add("diaspora_partition_bytes", labels, bytes);
    metrics.add("diaspora_partition_first_id", labels, firstId);
    metrics.add("diaspora_partition_next_id", labels, nextId);
    if (newestTime !== undefined) {
      metrics.add("diaspora_partition_newest_timestamp_seconds", labels, newestTime / 1000);
    }
  }
  return consumers;
}

function addLag(
  metrics: OpenMetrics,
  consumer: Named,
  { time, partitions }: Known,
): void {
  metrics.add("diaspora_consumer_lag_timestamp_seconds", consumer, time / 1000);
  for (const { partition, events, bytes, seconds, fault } of partitions) {
    if (fault !== undefined) continue;
    const labels = { ...consumer, partition };
    metrics.add("diaspora_consumer_lag_events", labels, events);
    metrics.add("diaspora_consumer_lag_bytes", labels, bytes);
    metrics.add("diaspora_consumer_lag_seconds", labels, seconds);
  }
}
