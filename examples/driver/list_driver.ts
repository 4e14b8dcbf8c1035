/**
 * A minimal useful driver: topics are lists in memory. It stores only metadata, reads from the start, and
 * refuses what it does not support.
 *
 * `Driver.open("ListDriver:./examples/driver/list_driver.ts")`
 *
 * @module
 */
import { NotSupportedError, readOptions, rule, TopicExistsError, TopicNotFoundError } from "../../mod.ts";
import type { ConsumerInterface, DriverInterface, ProducerInterface } from "../../mod.ts";
import type { TopicDefinition, TopicInfo, TopicInterface } from "../../mod.ts";

const refuse = () => Promise.reject(new NotSupportedError("Cannot do this with topics that are lists"));
const done = () => Promise.resolve();

interface List extends TopicInfo {
  events: string[][];
}

export class ListDriver implements DriverInterface {
  readonly name = "list";
  readonly #lists = new Map<string, List>();

  async createTopic(name: string, definition: TopicDefinition): Promise<void> {
    const options = readOptions("topic", definition.options, { num_partitions: rule.wholeNumber(1, 1) });
    if (await this.topicExists(name)) throw new TopicExistsError(name, "memory");
    const numPartitions = options.num_partitions as number;
    const events = Array.from({ length: numPartitions }, () => []);
    this.#lists.set(name, { ...definition, name, options, numPartitions, events });
  }
  async openTopic(name: string): Promise<TopicInterface> {
    if (!await this.topicExists(name)) throw new TopicNotFoundError(name, "memory");
    return openList(this.#lists.get(name)!);
  }
  topicExists = (name: string): Promise<boolean> => Promise.resolve(this.#lists.has(name));
  listTopics = (): Promise<Map<string, TopicInfo>> => Promise.resolve(new Map(this.#lists));
  deleteTopic = refuse;
  close = done;
}

function openList(list: List): TopicInterface {
  const { name, events } = list;
  const partitions = events.map((_, partition_id) => ({ partition_id }));
  const missing = {
    describe: refuse,
    lag: refuse,
    consumers: refuse,
    seekConsumer: refuse,
    deleteConsumer: refuse,
  };
  return {
    ...{ name, definition: list, partitions, ...missing, trim: refuse, edit: refuse, close: done },
    producer: () => produce(events),
    consumer: () => consume(events),
  };
}

function produce(events: string[][]): ProducerInterface {
  return {
    append(partition, batch) {
      if (batch.dataBytes > 0 || batch.stream) throw new NotSupportedError("Cannot store data in a list");
      return events[partition].push(...(batch.metadata as string[]).slice(0, batch.count)) - batch.count;
    },
    flush: done,
    close: done,
  };
}

function consume(events: string[][]): ConsumerInterface {
  const positions = events.map(() => 0);
  let isOpen = true;
  return {
    assigned: events.map((_, partition) => partition),
    open: done,
    read(partition, eventsMax) {
      const baseId = positions[partition];
      const texts = events[partition].slice(baseId, baseId + eventsMax);
      positions[partition] += texts.length;
      if (texts.length === 0) return undefined;
      return {
        ...{ partition, baseId, count: texts.length, timestamp: Date.now() },
        metadataText: (index) => texts[index],
        metadataBytes: (index) => new TextEncoder().encode(texts[index]),
        dataSize: () => 0,
        readData: () => {},
      };
    },
    async waitForEvents(signal) {
      const hasNews = () => events.some((list, partition) => list.length > positions[partition]);
      while (isOpen && !signal.aborted && !hasNews()) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    position: (partition) => positions[partition],
    acknowledge: refuse,
    seek: refuse,
    close: () => {
      isOpen = false;
      return done();
    },
  };
}
