/**
 * Consumer names are used in one of two ways: by a group, whose members share the partitions of a topic, or by
 * standalone consumers, each of which reads all of them.
 *
 * @module
 */
import { clearTimeout, setTimeout } from "node:timers";
import type { GroupMember } from "../../contract.ts";
import { ConsumerInUseError, StorageError } from "../../errors.ts";
import {
  type AssignmentListener,
  FailureDetector,
  type GroupEnvironment,
  type Member,
  Membership,
  type Roster,
  RosterFiles,
} from "../../groups/mod.ts";
import { bestEffort, isMissing, type Storage } from "../../storage/port.ts";
import type { ConsumerFolder } from "./consumer_folder.ts";
import { checkIsFolder } from "./layout.ts";

const TIMEOUT_MS = 10_000;
/** How long opening a member waits for the others to hand over its partitions. */
const SETTLE_MS_MAX = 1000;
const SETTLE_POLL_MS = 10;
/** Several changes of the folder in a row lead to one poll. */
const WATCH_PAUSE_MS = 2;
/** How often members on other machines are checked while a standalone consumer waits to know whether they are alive. */
const CHECK_INTERVAL_MS = 100;

/** The number of open standalone consumers of each name in this process, by the name's folder. */
const standaloneConsumers = new WeakMap<Storage, Map<string, number>>();

interface GroupSettings {
  storage: Storage;
  environment: GroupEnvironment;
  topic: string;
  topicPath: string;
  name: string;
  numPartitions: number;
  /** A member without a heartbeat for this long is considered dead. Default: 10 seconds. */
  timeoutMs?: number | undefined;
  /** The folder of the name; created on first use. */
  folder(): ConsumerFolder;
}

/** The group of one consumer name in one topic, for one consumer or call. */
export class Group {
  readonly name: string;
  readonly timeoutMs: number;
  /** Whether a standalone consumer uses this, and is counted among those of this process. */
  #isAlone = false;

  constructor(private readonly settings: GroupSettings) {
    this.name = settings.name;
    this.timeoutMs = settings.timeoutMs ?? TIMEOUT_MS;
  }

  /** The members in the roster, except those whose process has certainly ended. */
  members(): GroupMember[] {
    const roster = this.#roster();
    return this.#present(roster).map(({ id, host, pid }) => ({
      id,
      host: host.replace(/\/.*/s, ""),
      pid,
      partitions: (roster?.shares ?? []).flatMap(({ owner }, partition) => owner === id ? [partition] : []),
    }));
  }

  /** Throws if the name has members. */
  checkHasNoLocalMembers(): void {
    if (this.#present(this.#roster()).length > 0) throw this.#inUse("group");
  }

  /** A standalone consumer is opened; throws if the name has members. */
  async enterAlone(closing?: AbortSignal): Promise<void> {
    this.#countAlone(1);
    try {
      if (this.#present(this.#roster()).length > 0) await this.#checkHasNoMembers(closing);
    } catch (error) {
      this.leaveAlone();
      throw error;
    }
  }

  /** The standalone consumer has stopped reading. */
  leaveAlone(): void {
    if (this.#isAlone) this.#countAlone(-1);
  }

  /** Throws if a member is alive; waits until that is known, which takes a while for members on other machines. */
  async #checkHasNoMembers(closing: AbortSignal | undefined): Promise<void> {
    const { storage, environment } = this.settings;
    const detector = new FailureDetector(storage, this.#directory, environment);
    for (const begunMs = environment.elapsedMs();; await environment.sleep(CHECK_INTERVAL_MS)) {
      const members = this.#present(this.#roster());
      const dead = detector.failed(members);
      if (dead.length === members.length || closing?.aborted) return;
      const waitedMs = environment.elapsedMs() - begunMs;
      const isAlive = (member: Member) =>
        detector.hasRecentHeartbeat(member) || detector.hasShown(member.id) ||
        waitedMs > 2 * member.timeoutMs;
      if (members.some(isAlive)) throw this.#inUse("group");
    }
  }

  /** Counts the standalone consumers of this process. */
  #countAlone(change: 1 | -1): void {
    const { storage: { base = this.settings.storage } } = this.settings;
    const counts = standaloneConsumers.get(base) ?? new Map<string, number>();
    standaloneConsumers.set(base, counts);
    const count = (counts.get(this.#key) ?? 0) + change;
    if (count > 0) counts.set(this.#key, count);
    else counts.delete(this.#key);
    this.#isAlone = change > 0;
  }

  /** Joins the group; `listener` is called with assignments from then on. */
  async join(listener: AssignmentListener): Promise<Membership> {
    const { storage, environment, numPartitions } = this.settings;
    const { timeoutMs } = this;
    const alone = standaloneConsumers.get(storage.base ?? storage)?.get(this.#key) ?? 0;
    if (alone > 0) throw this.#inUse("alone");
    const membership = new Membership({
      storage,
      directory: this.#made(),
      numPartitions,
      timeoutMs,
      environment,
      listener,
    });
    try {
      membership.join();
      for (let waitedMs = 0; !membership.isSettled && waitedMs < SETTLE_MS_MAX; waitedMs += SETTLE_POLL_MS) {
        await environment.sleep(SETTLE_POLL_MS);
        membership.poll();
      }
    } catch (error) {
      // If it cannot be taken out of the roster either, the others remove it as they do a dead member.
      bestEffort(() => membership.leave());
      throw this.explained(error);
    }
    return membership;
  }

  #made(): string {
    try {
      this.settings.folder().make();
    } catch (error) {
      throw this.explained(error);
    }
    this.#checkFolders();
    return this.#directory;
  }

  #checkFolders(): void {
    for (const path of [this.#directory, `${this.#directory}/members`]) {
      checkIsFolder(this.settings.storage, path);
    }
  }

  get #directory(): string {
    return `${this.settings.folder().path}/group`;
  }

  get #key(): string {
    return `${this.settings.topicPath}\n${this.settings.name}`;
  }

  #roster(): Roster | undefined {
    if (!checkIsFolder(this.settings.storage, this.#directory)) return undefined;
    return new RosterFiles(this.settings.storage, this.#directory, this.settings.numPartitions).read();
  }

  #present(roster: Roster | undefined): Member[] {
    const { environment } = this.settings;
    return (roster?.members ?? []).filter((member) =>
      member.host === "" || member.host !== environment.self.host || !environment.isGone(member, true)
    );
  }

  #inUse(how: "group" | "alone"): ConsumerInUseError {
    return new ConsumerInUseError(this.settings.name, this.settings.topic, how);
  }

  /** Calls `wake` soon after a change of the group; undefined if the system does not report changes. */
  listen(wake: () => void): (() => void) | undefined {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const watcher = this.settings.storage.watch(this.#directory, () => {
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

  /** Milliseconds of the clock that the group goes by. */
  elapsedMs(): number {
    return this.settings.environment.elapsedMs();
  }

  /** The error to report for one of the group. */
  explained(error: unknown): unknown {
    if (!(error instanceof StorageError)) return error;
    if (isMissing(error)) return this.settings.folder().removed();
    const { errno, canRetry } = error;
    return new StorageError(
      errno,
      `Cannot share topic "${this.settings.topic}" as consumer "${this.settings.name}", whose members write into ` +
        `"${this.#directory}": ${error.message}; without the option group nothing is written before an acknowledgement`,
      { cause: error, canRetry },
    );
  }
}
