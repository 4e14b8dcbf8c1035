import { ConsumerInUseError, TopicDeletedError } from "../../errors.ts";
import type { TopicDefinition } from "../../contract.ts";
import { MemoryGroup } from "./group.ts";
import { MemoryPartition } from "./partition.ts";

/** What there is of a topic: events and positions, shared by everybody who has it open. */
export class MemoryTopicStore {
  /** The events. */
  readonly partitions: readonly MemoryPartition[];
  /** Set once the topic is deleted. */
  isDeleted = false;
  /** Stored positions by consumer name: the id that comes next, by partition. */
  readonly #positions = new Map<string, Map<number, number>>();
  readonly #listeners = new Set<() => void>();
  readonly #groups = new Map<string, MemoryGroup>();
  /** How many consumers of a name are open that read alone. */
  readonly #alone = new Map<string, number>();

  constructor(readonly name: string, public definition: TopicDefinition) {
    const count = definition.options.num_partitions as number;
    this.partitions = Array.from({ length: count }, (_, number) => new MemoryPartition(number));
  }

  /** The consumers of that name that share the partitions. */
  groupOf(consumer: string): MemoryGroup {
    let group = this.#groups.get(consumer);
    if (group === undefined) this.#groups.set(consumer, group = new MemoryGroup(this.partitions.length));
    return group;
  }

  /** A consumer reads alone, until the function given back is called; throws where others of its name share. */
  enterAlone(consumer: string): () => void {
    if (!this.groupOf(consumer).isEmpty) throw new ConsumerInUseError(consumer, this.name, "group");
    this.#alone.set(consumer, (this.#alone.get(consumer) ?? 0) + 1);
    return () => void this.#alone.set(consumer, this.#alone.get(consumer)! - 1);
  }

  /** Throws where a consumer of that name reads alone. */
  checkNobodyIsAlone(consumer: string): void {
    if ((this.#alone.get(consumer) ?? 0) > 0) throw new ConsumerInUseError(consumer, this.name, "alone");
  }

  /** Throws `TopicDeletedError` once the topic is deleted. */
  checkThere(): void {
    if (this.isDeleted) throw new TopicDeletedError(this.name);
  }

  /** Every consumer name with a position. */
  get consumers(): string[] {
    return [...this.#positions.keys()];
  }

  /** Where a name continues; undefined if it acknowledged nothing in this partition. */
  positionOf(consumer: string, partition: number): number | undefined {
    return this.#positions.get(consumer)?.get(partition);
  }

  /** Moves a name's position, also backwards. */
  setPosition(consumer: string, partition: number, nextId: number): void {
    this.checkThere();
    let positions = this.#positions.get(consumer);
    if (positions === undefined) this.#positions.set(consumer, positions = new Map());
    positions.set(partition, nextId);
  }

  /** Moves a name's position forward. */
  acknowledge(consumer: string, partition: number, nextId: number): void {
    if ((this.positionOf(consumer, partition) ?? 0) < nextId) this.setPosition(consumer, partition, nextId);
  }

  /** Stands for what a name has stored since it was last forgotten; undefined for nothing. */
  registrationOf(consumer: string): object | undefined {
    return this.#positions.get(consumer);
  }

  /** Forgets a name. */
  forget(consumer: string): void {
    this.#positions.delete(consumer);
  }

  /** The id below which every name acknowledged everything; 0 if there is no name. */
  acknowledgedId(partition: number): number {
    if (this.#positions.size === 0) return 0;
    return Math.min(...this.consumers.map((name) => this.positionOf(name, partition) ?? 0));
  }

  /** Calls `wake` whenever something changed. */
  listen(wake: () => void): void {
    this.#listeners.add(wake);
  }

  /** No more calls. */
  stopListening(wake: () => void): void {
    this.#listeners.delete(wake);
  }

  /** Tells everybody who waits that something changed. */
  announce(): void {
    for (const wake of [...this.#listeners]) wake();
  }
}
