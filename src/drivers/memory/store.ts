import { ConsumerInUseError, TopicDeletedError } from "../../errors.ts";
import type { TopicDefinition } from "../../contract.ts";
import { MemoryGroup } from "./group.ts";
import { MemoryPartition } from "./partition.ts";

/** The events and positions of a topic, shared by all of its handles. */
export class MemoryTopicStore {
  /** The events. */
  readonly partitions: readonly MemoryPartition[];
  /** Set once the topic is deleted. */
  isDeleted = false;
  /** Stored positions by consumer name: the next id, by partition. */
  readonly #positions = new Map<string, Map<number, number>>();
  readonly #listeners = new Set<() => void>();
  readonly #groups = new Map<string, MemoryGroup>();
  /** The number of open standalone consumers of each name. */
  readonly #standalone = new Map<string, number>();

  constructor(readonly name: string, public definition: TopicDefinition) {
    const count = definition.options.num_partitions as number;
    this.partitions = Array.from({ length: count }, (_, number) => new MemoryPartition(number));
  }

  /** The group of that consumer name. */
  groupOf(consumer: string): MemoryGroup {
    let group = this.#groups.get(consumer);
    if (group === undefined) this.#groups.set(consumer, group = new MemoryGroup(this.partitions.length));
    return group;
  }

  /**
   * Registers a standalone consumer until the returned function is called; throws if the name is used by a group.
   */
  openStandalone(consumer: string): () => void {
    if (!this.groupOf(consumer).isEmpty) throw new ConsumerInUseError(consumer, this.name, "group");
    this.#standalone.set(consumer, (this.#standalone.get(consumer) ?? 0) + 1);
    return () => void this.#standalone.set(consumer, this.#standalone.get(consumer)! - 1);
  }

  /** Throws if the name is used by a standalone consumer. */
  checkHasNoStandalone(consumer: string): void {
    if ((this.#standalone.get(consumer) ?? 0) > 0) throw new ConsumerInUseError(consumer, this.name, "alone");
  }

  /** Throws `TopicDeletedError` once the topic is deleted. */
  checkExists(): void {
    if (this.isDeleted) throw new TopicDeletedError(this.name);
  }

  /** Every consumer name with a position. */
  get consumers(): string[] {
    return [...this.#positions.keys()];
  }

  /** The stored position of a name; undefined if it has acknowledged nothing in this partition. */
  positionOf(consumer: string, partition: number): number | undefined {
    return this.#positions.get(consumer)?.get(partition);
  }

  /** Moves a name's position, even backwards. */
  setPosition(consumer: string, partition: number, nextId: number): void {
    this.checkExists();
    let positions = this.#positions.get(consumer);
    if (positions === undefined) this.#positions.set(consumer, positions = new Map());
    positions.set(partition, nextId);
  }

  /** Moves a name's position forward. */
  acknowledge(consumer: string, partition: number, nextId: number): void {
    if ((this.positionOf(consumer, partition) ?? 0) < nextId) this.setPosition(consumer, partition, nextId);
  }

  /** Identifies what a name has stored since it was last deleted; undefined if nothing. */
  registrationOf(consumer: string): object | undefined {
    return this.#positions.get(consumer);
  }

  /** Deletes a name. */
  forget(consumer: string): void {
    this.#positions.delete(consumer);
  }

  /** Every named consumer has acknowledged all events below this id; 0 if there is none. */
  acknowledgedId(partition: number): number {
    if (this.#positions.size === 0) return 0;
    return Math.min(...this.consumers.map((name) => this.positionOf(name, partition) ?? 0));
  }

  /** Calls `wake` after every change. */
  listen(wake: () => void): void {
    this.#listeners.add(wake);
  }

  /** Stops calling `wake`. */
  stopListening(wake: () => void): void {
    this.#listeners.delete(wake);
  }

  /** Notifies all listeners of a change. */
  announce(): void {
    for (const wake of [...this.#listeners]) wake();
  }
}
