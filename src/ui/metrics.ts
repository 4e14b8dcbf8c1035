import { setImmediate as turn } from "node:timers/promises";
import type { Driver, PartitionLag, Topic } from "../../mod.ts";
import { OpenMetrics } from "./open_metrics.ts";
import type { OpenTopics } from "./open_topics.ts";
import { totalsOf } from "./totals.ts";

/** Responses are shared for this long: several Prometheus servers may ask at once. */
const AGE_MS_MAX = 1000;

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
];

/** Metrics of a store for Prometheus. */
export class StoreMetrics {
  #last: { atMs: number; text: Promise<string> } | undefined;

  constructor(
    private readonly parts: { driver: Driver; topics: OpenTopics; version: string },
  ) {}

  /** Events, bytes and ids of every topic and partition, and the lag of every consumer, as OpenMetrics text. */
  text(): Promise<string> {
    const nowMs = performance.now();
    if (this.#last === undefined || nowMs - this.#last.atMs > AGE_MS_MAX) {
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
    for (const name of own.map(({ name }) => name).sort()) {
      try {
        await topics.use(name, (topic) => measureTopic(metrics, name, topic));
        metrics.add("diaspora_topic_up", { topic: name }, 1);
      } catch {
        // A topic that cannot be opened is reported as such; the others are measured.
        metrics.add("diaspora_topic_up", { topic: name }, 0);
      }
    }
    return metrics.toString();
  }
}

async function measureTopic(metrics: OpenMetrics, topic: string, opened: Topic): Promise<void> {
  const partitions = await opened.describe();
  const lags: { consumer: string; partitions: PartitionLag[] }[] = [];
  for (const consumer of await opened.consumers()) {
    // File access is synchronous: this lets other requests proceed.
    await turn();
    lags.push({ consumer, partitions: await opened.lag(consumer) });
  }
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
  for (const { consumer, partitions } of lags) {
    for (const { partition, events, bytes, seconds, fault } of partitions) {
      if (fault !== undefined) continue;
      const labels = { topic, consumer, partition };
      metrics.add("diaspora_consumer_lag_events", labels, events);
      metrics.add("diaspora_consumer_lag_bytes", labels, bytes);
      metrics.add("diaspora_consumer_lag_seconds", labels, seconds);
    }
  }
}
