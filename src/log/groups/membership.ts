/**
 * One consumer's part in a group that shares the partitions of a topic among consumers of one name, without a process
 * that leads it. Every member looks at the roster a few times a second, and one that sees that something is to be done
 * publishes the next one:
 *
 * - A member that is gone loses its partitions, and those that no one owns are given out.
 * - A partition that should be another member's is given away by its owner, once it has let go of it.
 * - A member that does not find itself in the roster has lost everything, and joins again.
 *
 * An owner relies on a roster for less than its timeout after its last sign of life, because no one takes it for gone
 * before; after that, as after a pause, it looks again first, and says in the roster itself that it is there, which
 * fails when another process changed it. What keeps a former owner from storing positions is in `CursorFile.take`.
 *
 * @module
 */
import type { Holder } from "./holder.ts";
import { Looks } from "./looks.ts";
import { Others } from "./others.ts";
import { type Member, type Roster, RosterFiles, type Share, vacant } from "./roster.ts";
import { isEven, type NextRoster, withoutMembers, withRenewal } from "./roster_changes.ts";
import { shareOut } from "./shares.ts";
import { SignOfLife, type SignSettings } from "./sign_of_life.ts";

/** Events that are given out before the clock is asked again, while nothing else has its turn. */
const TRUSTED_LOOKS = 32;
/** How often it looks again because it was stopped meanwhile, before it takes everything for lost. */
const LOOKS_MAX = 5;
/** How often a change begins anew because others changed something meanwhile, before it waits for the next look. */
const ATTEMPTS_MAX = 50;

/** What a member needs. */
export interface MembershipSettings extends SignSettings {
  numPartitions: number;
  holder: Holder;
}

/** The part of one consumer in its group. */
export class Membership {
  readonly #files: RosterFiles;
  readonly #others: Others;
  /** Partitions that this member owns, and with which roster it came to them. */
  readonly #held = new Map<number, number>();
  readonly #leaving = new Set<number>();
  #id = "";
  readonly #sign: SignOfLife;
  readonly #looks: Looks;
  #renewals = 0;
  #trustedLooks = 0;
  #stopTurn: (() => void) | undefined;
  /** The roster in which every member has what it should have, if that is so in the one that counts. */
  #evenly: Roster | undefined;
  /** The roster that was taken in, all of it. */
  #updated: Roster | undefined;
  #isBusy = false;
  #isOver = false;

  constructor(private readonly settings: MembershipSettings) {
    const { storage, directory, numPartitions, around } = settings;
    this.#files = new RosterFiles(storage, directory, numPartitions);
    this.#others = new Others(storage, directory, around);
    this.#sign = new SignOfLife(settings);
    this.#looks = new Looks(settings, () => this.#glance());
  }

  /** Joins the group, and looks after its part from then on. */
  join(): void {
    this.#enterFolder();
    this.#isBusy = true;
    try {
      this.#takeTurn();
    } finally {
      this.#isBusy = false;
    }
    this.#lookOn();
  }

  /** Whether a watch calls `look` when the roster changes, so that it need not be looked at so often. */
  set isWatched(isWatched: boolean) {
    this.#looks.isWatched = isWatched;
  }

  #lookOn(): void {
    if (!this.#isOver) this.#looks.share(this.#updated?.members.length ?? 1);
  }

  /** A member that waits costs next to nothing: it asks whether the processes of the others are there. */
  #glance(): void {
    const isDue = this.#leaving.size > 0 || this.#updated === undefined || this.#looks.isDue;
    if (isDue || this.#others.hasLeft(this.#updated!.members)) this.look();
  }

  /** Whether every member has the partitions that it should have. */
  get isSettled(): boolean {
    const roster = this.#files.read();
    return roster === undefined || isEven(roster);
  }

  /** Sees to everything that is to be done now. What fails is reported to the call that reads, and tried again. */
  look(): void {
    if (this.#isBusy || this.#isOver) return;
    this.#isBusy = true;
    this.#looks.begin();
    try {
      this.#takeTurn();
    } catch (error) {
      this.#loseUnlessTrusted();
      this.settings.holder.fail(error);
    } finally {
      this.#isBusy = false;
    }
  }

  /** Looks again if too much time has passed since this member showed that it is there. */
  check(): void {
    if (this.#trustedLooks-- > 0) return;
    // Work that never lets the event loop turn is a sign of life as well.
    if (this.#sign.isDue) this.look();
    else this.#looks.atWork();
    // It may have been stopped while it looked.
    for (let looks = 0; !this.#sign.isTrusted && !this.#isBusy && looks < LOOKS_MAX; looks++) this.look();
    if (!this.#isBusy) this.#loseUnlessTrusted();
    this.#trustedLooks = TRUSTED_LOOKS;
    this.#stopTurn ??= this.settings.around.soon(() => {
      this.#stopTurn = undefined;
      this.#trustedLooks = 0;
    });
  }

  /** Whether this member still owns a partition, as the roster says now, since it entered it. */
  holds(partition: number): boolean {
    const share = this.#files.read()?.shares[partition];
    return share?.owner === this.#id && share.epoch === this.#held.get(partition);
  }

  /** Gives everything up. */
  leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#looks.stop();
    this.#stopTurn?.();
    for (const partition of [...this.#held.keys()]) this.#lose(partition);
    try {
      this.#change((roster) =>
        roster.members.some(({ id }) => id === this.#id) ? this.#without(roster, [this.#id]) : undefined
      );
      this.#sign.end();
    } finally {
      this.#sign.close();
    }
  }

  /** Joining failed: nothing goes on. What stands in the roster of it goes as that of one that is gone. */
  abandon(): void {
    this.#isOver = true;
    this.#looks.stop();
    this.#stopTurn?.();
    for (const partition of [...this.#held.keys()]) this.#lose(partition);
    this.#sign.close();
  }

  #enterFolder(): void {
    const { storage, directory } = this.settings;
    for (const path of [directory, `${directory}/members`]) {
      if (storage.stat(path) !== undefined) continue;
      try {
        storage.makeDirectory(path);
      } catch (error) {
        if (storage.stat(path) === undefined) throw error;
      }
    }
  }

  #takeTurn(): void {
    this.#sign.show();
    // After the writing: this process may have been stopped before it.
    if (!this.#sign.isTrusted) this.#renew();
    this.#change((roster) => this.#next(roster));
  }

  /** Publishes what `next` makes of the roster, and takes in what it says then. */
  #change(next: (roster: Roster) => NextRoster | undefined): void {
    const { numPartitions } = this.settings;
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const known = this.#files.read();
      this.#update(known);
      const roster = known ?? { epoch: 0, members: [], shares: vacant(numPartitions, 0) };
      const changed = next(roster);
      if (changed === undefined) return;
      if (this.#files.publish(known, changed)) this.#update(this.#files.read());
    }
  }

  /** What the roster should say next; undefined where it is right. */
  #next(roster: Roster): NextRoster | undefined {
    const { members } = roster;
    if (!members.some(({ id }) => id === this.#id)) return this.#withMe(roster);
    const gone = this.#others.gone(members.filter(({ id }) => id !== this.#id));
    if (gone.length > 0) return this.#without(roster, gone.map(({ id }) => id));
    return this.#given(roster);
  }

  #withMe(roster: Roster): NextRoster {
    const { storage, around, timeoutMs } = this.settings;
    this.#id = [storage.random32(), storage.random32()].map((half) => half.toString(16).padStart(8, "0"))
      .join("");
    this.#sign.begin(this.#id);
    const member: Member = { id: this.#id, ...around.self, timeoutMs, renewals: this.#renewals };
    // Those who are gone make no room for it before they are seen to be: then they leave in one step with others.
    const gone = this.#others.gone(roster.members);
    return this.#without(roster, gone.map(({ id }) => id), member);
  }

  /** Gives away what is wanted elsewhere and let go of, and out what no one owns; undefined where there is nothing. */
  #given(roster: Roster): NextRoster | undefined {
    if (roster === this.#evenly) return undefined;
    const { holder } = this.settings;
    const ids = roster.members.map(({ id }) => id);
    const wanted = shareOut(ids, roster.shares.map(({ owner }) => owner));
    let isChanged = false;
    let isEven = true;
    const shares = roster.shares.map((share, partition): Share => {
      const next = wanted[partition];
      const isMine = share.owner === this.#id;
      if (next === share.owner) {
        if (isMine && this.#leaving.delete(partition)) holder.stay(partition);
        return share;
      }
      isEven = false;
      if (isMine && this.#held.has(partition)) {
        this.#leaving.add(partition);
        if (!holder.leave(partition)) return share;
      } else if (ids.includes(share.owner ?? "") && !isMine) return share;
      isChanged = true;
      return { owner: next, epoch: roster.epoch + 1 };
    });
    if (isEven) this.#evenly = roster;
    return isChanged ? { members: roster.members, shares } : undefined;
  }

  /** Takes in what the roster says. */
  #update(roster: Roster | undefined): void {
    if (roster !== undefined && roster === this.#updated) return;
    this.#updated = undefined;
    const shares = roster?.shares ?? [];
    for (const [partition, epoch] of [...this.#held]) {
      const share = shares[partition];
      if (share?.owner !== this.#id || share.epoch !== epoch) this.#lose(partition);
    }
    if (this.#isOver) return;
    shares.forEach(({ owner, epoch }, partition) => {
      if (owner !== this.#id || this.#held.has(partition)) return;
      // First, since what it enters asks whether it is held.
      this.#held.set(partition, epoch);
      try {
        this.settings.holder.enter(partition);
        // It may have moved on meanwhile.
        if (!this.holds(partition)) this.#lose(partition);
      } catch (error) {
        this.#lose(partition);
        throw error;
      }
    });
    this.#updated = roster;
    if (this.#looks.hasBegun) this.#lookOn();
  }

  #lose(partition: number): void {
    this.#held.delete(partition);
    this.#leaving.delete(partition);
    this.settings.holder.lose(partition);
  }

  /** Others may have taken it for gone, or be about to: says in the roster that it is not, if it still is in there. */
  #renew(): void {
    this.#renewals++;
    this.#sign.renew(() => this.#change((roster) => withRenewal(roster, this.#id, this.#renewals)));
  }

  #loseUnlessTrusted(): void {
    if (this.#sign.isTrusted) return;
    this.#updated = undefined;
    for (const partition of [...this.#held.keys()]) this.#lose(partition);
  }

  #without(roster: Roster, gone: readonly string[], joining?: Member): NextRoster {
    const { storage, directory } = this.settings;
    for (const id of gone) if (id !== this.#id) storage.remove(`${directory}/members/${id}`);
    return withoutMembers(roster, gone, joining);
  }
}
