/**
 * Consumers of one name that share the partitions of a topic, and those that do not: a name is used one way or the
 * other.
 *
 * @module
 */
import { clearTimeout, setTimeout } from "node:timers";
import type { GroupMember } from "../../contract.ts";
import { ConsumerInUseError, StorageError } from "../../errors.ts";
import {
  type Holder,
  type Member,
  Membership,
  Others,
  type Roster,
  RosterFiles,
  type Surroundings,
} from "../../log/mod.ts";
import { isMissing, type Storage } from "../../storage/port.ts";
import type { LonePart } from "./consumer.ts";
import type { ConsumerFolder } from "./consumer_folder.ts";
import type { GroupPart } from "./group_consumer.ts";

/** After how long without a sign of life the partitions of a member are given to others. */
const TIMEOUT_MS = 10_000;
/** How long an opening waits for the others to give away what is the new member's. */
const SETTLE_MS_MAX = 1000;
const SETTLE_POLL_MS = 10;
/** Several changes of the folder in a row are looked at once. */
const WATCH_PAUSE_MS = 2;
/** How often it is looked whether members of another machine are silent. */
const LOOK_MS = 100;

/** The consumers that are open in this process and read alone: how many there are of a name, by its folder. */
const alone = new WeakMap<Storage, Map<string, number>>();

/** Where a group is. */
export interface GroupPlace {
  storage: Storage;
  around: Surroundings;
  topic: string;
  topicPath: string;
  name: string;
  numPartitions: number;
  /** The folder of the name, when it is asked for first. */
  folder(): ConsumerFolder;
}

/** The group of one consumer name in one topic, as one opened consumer or one call sees it. */
export class Group {
  constructor(private readonly place: GroupPlace) {}

  /** What a consumer needs that takes part. */
  part(timeoutMs: number = TIMEOUT_MS): GroupPart {
    const { storage, around } = this.place;
    return {
      name: this.place.name,
      join: (holder) => this.#join(holder, timeoutMs),
      listen: (wake) => listen(storage, this.#directory, wake),
      elapsedMs: () => around.elapsedMs(),
      patienceMs: timeoutMs,
    };
  }

  /** Who takes part, as the last one that changed something knew it, without those who are certainly gone. */
  members(): GroupMember[] {
    const roster = this.#roster();
    return this.#present(roster).map(({ id, host, pid }) => ({
      id,
      host: host.replace(/\/.*/s, ""),
      pid,
      partitions: (roster?.shares ?? []).flatMap(({ owner }, partition) => owner === id ? [partition] : []),
    }));
  }

  /** Throws while consumers of this name share the partitions. */
  checkNobodyShares(): void {
    if (this.#present(this.#roster()).length > 0) throw this.#inUse("group");
  }

  /** What a consumer needs that reads alone. */
  lonePart(): LonePart {
    let leave = () => {};
    return {
      enter: () => {
        leave = this.#enterAlone();
        return this.#present(this.#roster()).length === 0
          ? Promise.resolve()
          : this.#checkNobodyIsThere().catch((error) => {
            leave();
            throw error;
          });
      },
      leave: () => leave(),
    };
  }

  /** Waits until it is known whether members of which that is not known at once are still there. */
  async #checkNobodyIsThere(): Promise<void> {
    const { storage, around } = this.place;
    const others = new Others(storage, this.#directory, around);
    for (const begunMs = around.elapsedMs();; await around.sleep(LOOK_MS)) {
      const members = this.#present(this.#roster());
      const silent = others.gone(members);
      if (silent.length === members.length) return;
      const waitedMs = around.elapsedMs() - begunMs;
      const isThere = ({ id, timeoutMs }: Member) => others.hasShown(id) || waitedMs > 2 * timeoutMs;
      if (members.some(isThere)) throw this.#inUse("group");
    }
  }

  /** Says that a consumer of this process reads alone, until the function given back is called. */
  #enterAlone(): () => void {
    const { storage } = this.place;
    const counts = alone.get(storage) ?? new Map<string, number>();
    alone.set(storage, counts);
    const key = this.#key;
    let isOver = false;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    return () => {
      if (isOver) return;
      isOver = true;
      const left = counts.get(key)! - 1;
      if (left > 0) counts.set(key, left);
      else counts.delete(key);
    };
  }

  async #join(holder: Holder, timeoutMs: number): Promise<Membership> {
    const { storage, around, numPartitions } = this.place;
    if ((alone.get(storage)?.get(this.#key) ?? 0) > 0) throw this.#inUse("alone");
    const fail = (error: unknown) => holder.fail(this.#explained(error));
    const membership = new Membership({
      storage,
      directory: this.#made(),
      numPartitions,
      timeoutMs,
      around,
      holder: {
        enter: (partition) => holder.enter(partition),
        leave: (partition) => holder.leave(partition),
        stay: (partition) => holder.stay(partition),
        lose: (partition) => holder.lose(partition),
        fail,
      },
    });
    try {
      membership.join();
      for (let waitedMs = 0; !membership.isSettled && waitedMs < SETTLE_MS_MAX; waitedMs += SETTLE_POLL_MS) {
        await around.sleep(SETTLE_POLL_MS);
        membership.look();
      }
    } catch (error) {
      membership.abandon();
      throw this.#explained(error);
    }
    return membership;
  }

  #made(): string {
    try {
      this.place.folder().make();
    } catch (error) {
      throw this.#explained(error);
    }
    return this.#directory;
  }

  get #directory(): string {
    return `${this.place.folder().path}/group`;
  }

  get #key(): string {
    return `${this.place.topicPath}\n${this.place.name}`;
  }

  #roster(): Roster | undefined {
    return new RosterFiles(this.place.storage, this.#directory, this.place.numPartitions).read();
  }

  #present(roster: Roster | undefined): Member[] {
    const { around } = this.place;
    return (roster?.members ?? []).filter((member) =>
      member.host === "" || member.host !== around.self.host || !around.isGone(member, true)
    );
  }

  #inUse(how: "group" | "alone"): ConsumerInUseError {
    return new ConsumerInUseError(this.place.name, this.place.topic, how);
  }

  #explained(error: unknown): unknown {
    if (!(error instanceof StorageError)) return error;
    if (isMissing(error)) return this.place.folder().removed();
    const { errno, canRetry } = error;
    return new StorageError(
      errno,
      `Cannot share topic "${this.place.topic}" as consumer "${this.place.name}", whose members write into ` +
        `"${this.#directory}": ${error.message}; without the option group nothing is written before an acknowledgement`,
      { cause: error, canRetry },
    );
  }
}

/** Calls soon after something in the folder changed; undefined where no one tells of that. */
function listen(storage: Storage, directory: string, wake: () => void): (() => void) | undefined {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const watcher = storage.watch(directory, () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      wake();
    }, WATCH_PAUSE_MS);
  });
  if (watcher === undefined) return undefined;
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}
