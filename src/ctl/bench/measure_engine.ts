import type { Driver } from "../../../mod.ts";
import type { ConsumeSettings } from "./consume.ts";
import type { BenchTopic, Job } from "./job.ts";
import type { Runner } from "./runner.ts";
import type { BenchSettings } from "./settings.ts";
import { type Measured, together } from "./stopwatch.ts";
import type { Shape } from "./workload.ts";
import { UsageError } from "../usage_error.ts";

/** One named measurement. */
export interface Result {
  what: string;
  measured: Measured;
}

/** Runs the requested measurements of one engine. */
export class EngineBench {
  #topics = 0;

  constructor(
    private readonly driver: Driver,
    private readonly run: Runner,
    private readonly settings: BenchSettings,
  ) {}

  /** Pushes, and reads what was pushed, in several ways. */
  async throughput(): Promise<Result[]> {
    const { parts, dataInterest, dataBytes, topic } = this.settings;
    const consume = parts.includes("consume");
    const steps: Result[] = [];
    if (!consume && !parts.includes("produce")) return steps;
    await this.#withTopics(async (target) => {
      // Without a topic to read, fill one.
      if (parts.includes("produce") || topic === undefined) {
        const measured = await this.produce(target, this.settings, this.settings.batchSize);
        if (parts.includes("produce")) steps.push({ what: "produce", measured });
      }
      if (!consume) return;
      steps.push({ what: "consume", measured: await this.consume(target, {}) });
      if (dataInterest > 0 && (dataBytes > 0 || topic !== undefined)) {
        const metadataOnly = { dataInterest: 0 };
        steps.push({ what: "consume, metadata only", measured: await this.consume(target, metadataOnly) });
      }
      const untouched = { dataInterest: 0, parse: false };
      steps.push({ what: "consume, not parsed", measured: await this.consume(target, untouched) });
    });
    return steps;
  }

  /** Pushes from all processes at the same time. */
  async produce(target: BenchTopic, shape: Shape, batchSize: number | undefined): Promise<Measured> {
    const { processes, flushInterval } = this.settings;
    const { events, dataBytes, metadataBytes } = shape;
    return together(
      await this.run(Array.from({ length: processes }, (): Job => ({
        kind: "produce",
        target,
        settings: {
          events,
          dataBytes,
          metadataBytes,
          form: "object",
          flushInterval,
          producer: batchSize === undefined ? {} : { batchSize },
        },
      }))),
    );
  }

  /** Reads from all processes at the same time, each its share of the partitions. */
  async consume(target: BenchTopic, over: Partial<ConsumeSettings>): Promise<Measured> {
    const { processes, dataInterest, dataSelectivity, topic, events } = this.settings;
    await using opened = await this.driver.openTopic(target.topic);
    const partitions = opened.partitions.map((_, partition) => partition);
    const readers = Math.min(processes, partitions.length);
    const measured = together(
      await this.run(Array.from({ length: readers }, (_, rank): Job => ({
        kind: "consume",
        target,
        settings: {
          parse: true,
          dataInterest,
          dataSelectivity,
          by: "batches",
          events: topic === undefined ? undefined : events,
          consumer: { partitions: partitions.filter((partition) => partition % readers === rank) },
          ...over,
        },
      }))),
    );
    // Numbers per event would mean nothing.
    if (measured.events === 0) throw new UsageError(`Topic "${target.topic}" has no events to read`);
    return measured;
  }

  /** The latencies from push to pull, with one process each, in milliseconds, sorted. */
  async latency(): Promise<number[]> {
    const { rate, duration, dataBytes } = this.settings;
    const settings = { events: Math.ceil(rate * duration), rate, dataBytes };
    return await this.#withTopics(async (target) => {
      const [pulled] = await this.run([
        { kind: "paced pull", target, settings },
        { kind: "paced push", target, settings },
      ]);
      return pulled?.timings?.latency?.sort((one, other) => one - other) ?? [];
    });
  }

  /** Pushes and reads events of one shape in a separate topic. */
  async both(shape: Shape, batchSize: number | undefined): Promise<{ produce: Measured; consume: Measured }> {
    return await this.#withTopics(async (target) => ({
      produce: await this.produce(target, shape, batchSize),
      consume: await this.consume(target, { events: undefined }),
    }), true);
  }

  /** Calls `use` with the given topic, or with new ones that are deleted afterwards. */
  async #withTopics<R>(use: (target: BenchTopic) => Promise<R>, alwaysNew = false): Promise<R> {
    const { driver, driverOptions: options, topic, topicOptions } = this.settings;
    if (topic !== undefined && !alwaysNew) return await use({ driver, options, topic });
    const name = `bench-${Date.now().toString(36)}-${this.#topics++}`;
    const target = { driver, options, topic: name, warmUp: `${name}-warm-up` };
    const made: string[] = [];
    try {
      for (const each of [target.topic, target.warmUp]) {
        await this.driver.createTopic(each, topicOptions);
        made.push(each);
      }
      return await use(target);
    } finally {
      for (const each of made) await this.driver.deleteTopic(each);
    }
  }
}
