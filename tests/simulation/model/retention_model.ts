import type { TrimRequest } from "../../../src/contract.ts";
import { baseIdOf } from "../../../src/log/segment/segment_file.ts";
import type { SimulatedDisk } from "../disk/disk.ts";
import { Inode } from "../disk/inode.ts";
import type { Model } from "../model.ts";
import { BrokenPromise } from "./broken_promise.ts";
import type { GroupModel } from "./group_model.ts";

/** What a topic's retention, or a trim, allows to be removed. */
export interface RemovalRule {
  bytesMax?: number;
  /** Seconds for which events are kept. */
  seconds?: number;
  beforeTime?: number;
  beforeId?: number;
  acknowledged?: boolean;
  partitions?: readonly number[];
}

/** Observes every removal of a segment as it happens, and knows its content. */
export class RetentionModel {
  /** Every rule that ever applied: a process may follow one that was changed since. */
  readonly #rules: RemovalRule[] = [];

  constructor(
    private readonly disk: SimulatedDisk,
    private readonly model: Model,
    private readonly group?: GroupModel,
  ) {}

  /** From now on this may be removed. */
  allow(rule: RemovalRule): void {
    this.#rules.push(rule);
  }

  /** The rule that a trim stands for. */
  static ruleOf({ beforeTime, maxBytes, ...request }: TrimRequest): RemovalRule {
    const rule = maxBytes === undefined ? request : { ...request, bytesMax: maxBytes };
    return beforeTime === undefined ? rule : { ...rule, beforeTime: Number(beforeTime) };
  }

  /** A process removes a segment; `since` is the step in which its current work began. */
  remove(partition: number, directory: string, baseId: number, since: number): void {
    const endId = this.#segments(directory).find((id) => id > baseId);
    const state = this.model.partitions[partition];
    if (endId === undefined) {
      throw new BrokenPromise(`the last segment of partition ${partition} was removed`);
    }
    if (endId <= state.removedTo) return;
    if (!this.#isAllowed(partition, directory, baseId, endId, since)) {
      throw new BrokenPromise(
        `segment ${baseId} (to event ${
          endId - 1
        }) of partition ${partition} was removed, which no rule allowed`,
      );
    }
    state.removedTo = endId;
  }

  /** Whether an event may be reported as gone now. */
  mayBeGone(partition: number, directory: string, id: number): boolean {
    if (id < this.model.partitions[partition].removedTo) return true;
    const ids = this.#segments(directory);
    const baseId = ids.findLast((base) => base <= id) ?? 0;
    const endId = ids.find((base) => base > id) ?? this.model.partitions[partition].endId;
    return this.#isAllowed(partition, directory, baseId, endId, -1);
  }

  #isAllowed(partition: number, directory: string, baseId: number, endId: number, since: number): boolean {
    const bytes = this.#bytesFrom(directory, baseId);
    return this.#rules.some((rule) => {
      if (rule.partitions !== undefined && !rule.partitions.includes(partition)) return false;
      return (rule.bytesMax !== undefined && bytes > rule.bytesMax) ||
        (rule.beforeId !== undefined && endId <= rule.beforeId) ||
        (rule.acknowledged === true && this.#isAcknowledged(partition, endId, since)) ||
        this.#isOld(partition, baseId, endId, rule);
    });
  }

  /** Whether every event of a range may be considered old enough. */
  #isOld(partition: number, baseId: number, endId: number, { seconds, beforeTime }: RemovalRule): boolean {
    if (seconds === undefined && beforeTime === undefined) return false;
    const { clock } = this.disk;
    const { seen } = this.model.partitions[partition];
    for (let id = baseId; id < endId; id++) {
      const push = this.model.pushes.get(seen.get(id) ?? "");
      if (push === undefined) continue;
      const storedAt = clock.shown(push.startedAt, Math.min(push.endedAt, clock.time)).least;
      const now = clock.shown(push.startedAt).greatest;
      const isOld = (seconds !== undefined && now - storedAt >= seconds * 1000) ||
        (beforeTime !== undefined && storedAt < beforeTime);
      if (!isOld) return false;
    }
    return true;
  }

  /** Whether every known consumer has acknowledged everything below an id. */
  #isAcknowledged(partition: number, endId: number, since: number): boolean {
    if (this.group !== undefined) return this.group.partitions[partition].greatest >= endId;
    for (const { registeredSince, positions } of this.model.consumers.values()) {
      if (registeredSince < since && positions[partition].greatest < endId) return false;
    }
    return true;
  }

  #segments(directory: string): number[] {
    return [...this.disk.names.directory(directory).entries.keys()]
      .flatMap((name) => baseIdOf(name) ?? [])
      .sort((a, b) => a - b);
  }

  #bytesFrom(directory: string, firstId: number): number {
    let bytes = 0;
    for (const [name, entry] of this.disk.names.directory(directory).entries) {
      const baseId = baseIdOf(name);
      if (baseId !== undefined && baseId >= firstId && entry instanceof Inode) bytes += entry.size;
    }
    return bytes;
  }
}
