import { attempt } from "../../async.ts";
import { hostname } from "node:os";
import process from "node:process";
import { TopicExistsError, TopicNotFoundError, TransferInProgressError } from "../../errors.ts";
import type { JsonObject } from "../../json.ts";
import { checkNewTopicName, checkUnique } from "../../names.ts";
import type {
  DriverInterface,
  TopicDefinition,
  TopicDraftInterface,
  TopicInfo,
  TopicInterface,
} from "../../contract.ts";
import { checkTopicOptions, readDriverOptions } from "./memory_options.ts";
import { MemoryTopicStore } from "./store.ts";
import { MemoryTopic } from "./topic.ts";

type Topics = Map<string, MemoryTopicStore>;

/** Topics that live as long as the process, by store name. */
const stores = new Map<string, Topics>();

/** Names of topics that are being filled. */
const claims = new WeakMap<Topics, Set<string>>();

function claimsOf(topics: Topics): Set<string> {
  const known = claims.get(topics) ?? new Set();
  claims.set(topics, known);
  return known;
}

/**
 * Stores topics in memory, for tests. With the option `store` its topics outlive the driver and are shared with
 * every driver in this process that has the same `store`; without it they are private.
 */
export class MemoryDriver implements DriverInterface {
  readonly name = "memory";
  readonly #topics: Topics;
  readonly #where: string;
  readonly #partitionsMax: number;

  constructor(options: JsonObject) {
    const { store, partitionsMax } = readDriverOptions(options);
    this.#partitionsMax = partitionsMax;
    this.#where = store === undefined ? "memory" : `memory:${store}`;
    this.#topics = store === undefined ? new Map() : storeOf(store);
  }

  createTopic(name: string, definition: TopicDefinition): Promise<void> {
    return attempt(() => {
      this.#checkIsFree(name);
      const options = checkTopicOptions(definition.options, this.#partitionsMax);
      this.#topics.set(name, new MemoryTopicStore(name, structuredClone({ ...definition, options })));
    });
  }

  draftTopic(name: string, definition: TopicDefinition): Promise<TopicDraftInterface> {
    return attempt(() => {
      this.#checkIsFree(name);
      const options = checkTopicOptions(definition.options, this.#partitionsMax);
      const store = new MemoryTopicStore(name, structuredClone({ ...definition, options }));
      return {
        topic: new MemoryTopic(store),
        publish: () => attempt(() => (this.#checkIsFree(name), void this.#topics.set(name, store))),
        discard: () => attempt(() => void (store.isDeleted = true)),
      };
    });
  }

  claimTopic(name: string): Promise<AsyncDisposable> {
    return attempt(() => {
      const claims = claimsOf(this.#topics);
      if (claims.has(name)) throw new TransferInProgressError(name, process.pid, hostname());
      claims.add(name);
      return { [Symbol.asyncDispose]: () => attempt(() => void claims.delete(name)) };
    });
  }

  openTopic(name: string): Promise<TopicInterface> {
    return attempt(() => new MemoryTopic(this.#find(name)));
  }

  topicExists(name: string): Promise<boolean> {
    return Promise.resolve(this.#topics.has(name));
  }

  listTopics(): Promise<Map<string, TopicInfo>> {
    const names = [...this.#topics.keys()].sort();
    return Promise.resolve(new Map(names.map((name) => [name, infoOf(this.#find(name))])));
  }

  deleteTopic(name: string): Promise<void> {
    return attempt(() => {
      const store = this.#find(name, "delete");
      this.#topics.delete(name);
      store.isDeleted = true;
      store.announce();
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Applies the rules for topic names in files, so that a test in memory finds what would fail there. */
  #checkIsFree(name: string): void {
    checkNewTopicName(name);
    checkUnique(name, this.#topics.keys());
    if (this.#topics.has(name)) throw new TopicExistsError(name, this.#where);
  }

  #find(name: string, action?: string): MemoryTopicStore {
    const store = this.#topics.get(name);
    if (store === undefined) throw new TopicNotFoundError(name, this.#where, action);
    return store;
  }
}

function storeOf(name: string): Topics {
  let topics = stores.get(name);
  if (topics === undefined) stores.set(name, topics = new Map());
  return topics;
}

function infoOf(store: MemoryTopicStore): TopicInfo {
  return { name: store.name, numPartitions: store.partitions.length, ...structuredClone(store.definition) };
}
