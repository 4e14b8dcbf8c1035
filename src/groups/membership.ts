/**
 * A consumer's membership in a group: consumers of one name that share the partitions of a topic. There is no
 * coordinator. Every member polls the roster a few times a second, and one that finds that it has to change publishes
 * the next one:
 *
 * - A dead member is removed, and partitions without an owner are assigned.
 * - A partition that should belong to another member is handed over by its owner, once the owner has finished with it.
 * - A member that is not in the roster has lost all its partitions, and joins again.
 *
 * An owner relies on the roster only while its lease is valid, since no other member considers it dead until then. When
 * the lease has expired, for instance because the process was stopped, it polls first, and reclaims its lease in the
 * roster itself, which fails if another member changed that. `CursorFile.take` keeps former owners from storing
 * positions.
 *
 * @module
 */
import { ensureDirectory, randomHex } from "../storage/port.ts";
import { CheckSchedule } from "./check_schedule.ts";
import { DeliveryClock } from "./delivery_clock.ts";
import { FailureDetector } from "./failure_detector.ts";
import {
  isBalanced,
  type Member,
  type NextRoster,
  type Roster,
  RosterFiles,
  type Share,
  vacant,
  withoutMembers,
  withRenewal,
} from "./roster.ts";
import { type AssignmentListener, assignPartitions } from "./assignor.ts";
import { Lease, type LeaseSettings } from "./lease.ts";
import { OwnedPartitions } from "./owned_partitions.ts";

/** How often it tries to reclaim an expired lease before everything counts as lost. */
const POLLS_MAX = 5;
/** How often it tries a change again because another member was first, before it waits for the next poll. */
const ATTEMPTS_MAX = 50;

interface MembershipSettings extends LeaseSettings {
  numPartitions: number;
  listener: AssignmentListener;
}

/** The membership of one consumer in its group. */
export class Membership {
  readonly #files: RosterFiles;
  readonly #failureDetector: FailureDetector;
  readonly #owned: OwnedPartitions;
  #id = "";
  readonly #lease: Lease;
  readonly #schedule: CheckSchedule;
  #renewals = 0;
  readonly #clock: DeliveryClock;
  /** The current roster, if the partitions are balanced in it. */
  #balanced: Roster | undefined;
  /** The roster that was applied last, completely. */
  #applied: Roster | undefined;
  #isBusy = false;
  #isOver = false;

  constructor(private readonly settings: MembershipSettings) {
    const { storage, directory, numPartitions, environment } = settings;
    this.#files = new RosterFiles(storage, directory, numPartitions);
    this.#owned = new OwnedPartitions(settings.listener, this.#files);
    this.#failureDetector = new FailureDetector(storage, directory, environment);
    this.#lease = new Lease(settings);
    this.#schedule = new CheckSchedule(settings, () => this.#pollIfDue());
    this.#clock = new DeliveryClock(environment, () => settings.listener.onTurn());
  }

  /** Joins the group; from then on it polls by itself. */
  join(): void {
    const { storage, directory } = this.settings;
    for (const path of [directory, `${directory}/members`]) ensureDirectory(storage, path);
    this.#isBusy = true;
    try {
      this.#pollOnce();
    } finally {
      this.#isBusy = false;
    }
    this.#adaptSchedule();
  }

  /** Whether a watch calls `poll` when the roster changes, so that fewer polls are needed. */
  set isWatched(isWatched: boolean) {
    this.#schedule.isWatched = isWatched;
  }

  #adaptSchedule(): void {
    if (!this.#isOver) this.#schedule.adaptTo(this.#applied?.members.length ?? 1);
  }

  /** A waiting member costs next to nothing: it only asks whether the processes of the others are alive. */
  #pollIfDue(): void {
    const isDue = this.#owned.areAwaited || this.#applied === undefined || this.#schedule.isPollDue;
    if (isDue || this.#failureDetector.hasExited(this.#applied!.members)) this.poll();
  }

  /** Whether the partitions are balanced. */
  get isSettled(): boolean {
    const roster = this.#files.read();
    return roster === undefined || isBalanced(roster);
  }

  /**
   * Reads the roster, applies it and changes what has to be changed. An error is reported to the next call that reads,
   * and the next poll tries again.
   */
  poll(): void {
    if (this.#isBusy || this.#isOver) return;
    this.#isBusy = true;
    this.#schedule.polled();
    try {
      this.#pollOnce();
    } catch (error) {
      this.#loseUnlessValid();
      this.settings.listener.onError(error);
    } finally {
      this.#isBusy = false;
    }
  }

  /** Renews the lease when that is due, and gives everything up when it has expired and cannot be reclaimed. */
  checkLease(now: number = this.settings.environment.elapsedMs()): void {
    if (now < Math.min(this.#lease.renewalDueMs, this.#schedule.workCheckDueMs)) return;
    // Work that never lets the event loop turn would let the lease expire.
    if (now >= this.#lease.renewalDueMs) this.poll();
    else this.#schedule.checkDuringWork();
    // The process may have been stopped while it polled.
    for (let polls = 0; !this.#lease.isValid && !this.#isBusy && polls < POLLS_MAX; polls++) this.poll();
    if (!this.#isBusy) this.#loseUnlessValid();
  }

  /** Does the same before an event is delivered; returns for how many events that is enough. */
  checkBeforeDelivery(): number {
    this.checkLease(this.#clock.read());
    return this.#clock.eventsPerReading;
  }

  /** Whether the roster says now that this member owns a partition, without interruption since it was assigned. */
  owns(partition: number): boolean {
    return this.#owned.isIn(this.#files.readLast(), this.#id, partition);
  }

  leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#schedule.stop();
    this.#clock.stop();
    this.#owned.loseAll();
    try {
      this.#change((roster) =>
        roster.members.some(({ id }) => id === this.#id)
          ? this.#withoutMembers(roster, [this.#id])
          : undefined
      );
      this.#lease.end();
    } finally {
      this.#lease.close();
    }
  }

  #pollOnce(): void {
    this.#lease.renewIfDue();
    // Looked at after the heartbeat: this process may have been stopped before it.
    if (!this.#lease.isValid) this.#reclaim();
    this.#change((roster) => this.#next(roster));
  }

  /** Applies the roster, and publishes what `next` returns for it, until that is nothing. */
  #change(next: (roster: Roster) => NextRoster | undefined): void {
    const { numPartitions } = this.settings;
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const known = this.#files.read();
      this.#apply(known);
      const roster = known ?? { epoch: 0, members: [], shares: vacant(numPartitions, 0) };
      const changed = next(roster);
      if (changed === undefined) return;
      this.#files.publish(known, changed);
    }
  }

  /** The next roster; undefined if nothing has to change. */
  #next(roster: Roster): NextRoster | undefined {
    const { members } = roster;
    // A listener that was called in this very poll may have left.
    if (!members.some(({ id }) => id === this.#id)) return this.#isOver ? undefined : this.#joined(roster);
    const gone = this.#failureDetector.failed(members.filter(({ id }) => id !== this.#id));
    if (gone.length > 0) return this.#withoutMembers(roster, gone.map(({ id }) => id));
    return this.#rebalanced(roster);
  }

  #joined(roster: Roster): NextRoster {
    const { storage, environment, timeoutMs } = this.settings;
    this.#id = randomHex(storage, 2);
    this.#lease.begin(this.#id);
    const member: Member = { id: this.#id, ...environment.self, timeoutMs, renewals: this.#renewals };
    // Dead members go in the same step, so that their partitions move once.
    const gone = this.#failureDetector.failed(roster.members);
    return this.#withoutMembers(roster, gone.map(({ id }) => id), member);
  }

  /** Hands over own partitions that are free to move, and assigns those without an owner; undefined if there are none. */
  #rebalanced(roster: Roster): NextRoster | undefined {
    if (roster === this.#balanced) return undefined;
    const ids = roster.members.map(({ id }) => id);
    const wanted = assignPartitions(ids, roster.shares.map(({ owner }) => owner));
    let isChanged = false;
    let allRight = true;
    const shares = roster.shares.map((share, partition): Share => {
      const next = wanted[partition];
      const isMine = share.owner === this.#id;
      if (next === share.owner) {
        if (isMine) this.#owned.keep(partition);
        return share;
      }
      allRight = false;
      if (isMine && this.#owned.has(partition)) {
        if (!this.#owned.revoke(partition)) return share;
      } else if (ids.includes(share.owner ?? "") && !isMine) return share;
      isChanged = true;
      return { owner: next, epoch: roster.epoch + 1 };
    });
    if (allRight) this.#balanced = roster;
    return isChanged ? { members: roster.members, shares } : undefined;
  }

  /** Loses and takes over partitions as the roster says. */
  #apply(roster: Roster | undefined): void {
    if (roster !== undefined && roster === this.#applied) return;
    this.#applied = undefined;
    const assigned = this.#owned.loseAllBut(roster, this.#id);
    // A listener that was called just now may have left.
    if (roster !== undefined && assigned.length > 0 && !this.#isOver) {
      this.#owned.take(roster, this.#id, assigned);
    }
    this.#applied = roster;
    if (this.#schedule.isRunning) this.#adaptSchedule();
  }

  /**
   * Others may consider this member dead by now: says in the roster that it is alive, if it is still in it. If others
   * publish first each time, the lease is valid nevertheless: another member removes this one only after it has read a
   * roster and then the heartbeat. The first roster read here is the current one after the heartbeat was sent, so only
   * the next one can rest on an earlier look, and this member has read that one too before it gives up.
   */
  #reclaim(): void {
    this.#renewals++;
    this.#lease.reclaim(() => this.#change((roster) => withRenewal(roster, this.#id, this.#renewals)));
  }

  #loseUnlessValid(): void {
    if (this.#lease.isValid) return;
    this.#applied = undefined;
    this.#owned.loseAll();
  }

  #withoutMembers(roster: Roster, gone: readonly string[], joining?: Member): NextRoster {
    const { storage, directory } = this.settings;
    for (const id of gone) if (id !== this.#id) storage.remove(`${directory}/members/${id}`);
    return withoutMembers(roster, gone, joining);
  }
}
