/**
 * The roster of a group: its members, and which of them owns which partition. Each change is a new file, named by its
 * epoch, which only one process can publish; the highest epoch counts. So a member that publishes a change has seen all
 * changes before it, or has to try again.
 *
 * ```text
 * <topic>/consumers/<encoded name>/group/0000000000000042.json   the checksum of the second line; a document
 * <topic>/consumers/<encoded name>/group/members/<id>            the heartbeat of a member
 * ```
 *
 * @module
 */
import { StorageError, UnsupportedFormatError } from "../errors.ts";
import { listIfThere, type Storage } from "../storage/port.ts";
import { crc32 } from "../log/mod.ts";
import { assignPartitions } from "./assignor.ts";

/** What identifies a process. */
export interface MemberProcess {
  /** Machine, boot and process id namespace: where a pid means the same process. Empty where that is not known. */
  host: string;
  pid: number;
  /** When it was started, which distinguishes it from a later process with the same pid. */
  started?: string | undefined;
}

/** One consumer of the group. */
export interface Member extends MemberProcess {
  id: string;
  /** Without a heartbeat for this long it counts as dead. */
  timeoutMs: number;
  /** How often it reclaimed an expired lease. */
  renewals: number;
}

/** The ownership of a partition. */
export interface Share {
  owner: string | undefined;
  /** Epoch of the roster that made it the owner: it tells two ownerships of one member apart. */
  epoch: number;
}

export interface Roster {
  epoch: number;
  members: readonly Member[];
  /** By partition. */
  shares: readonly Share[];
}

/** What the next roster says. */
export type NextRoster = Omit<Roster, "epoch">;

const VERSION = 1;
/** No group changes so often that the first digit is needed: the number after each of these has a name, too. */
const NAME = /^(0\d{15})\.json$/;
const EPOCHS_END = 10 ** 15;
/** No one joins from here on, so that those who have can leave. */
const JOINS_END = EPOCHS_END - 10 ** 6;
/** Earlier rosters that are kept, so that a process that lists the folder while it changes finds one. */
const KEPT = 4;
/** How often the folder is listed again because the roster was removed before it could be read. */
const READINGS_MAX = 100;
const ROSTER_BYTES_MAX = 16 << 20;
/** An id is a file's name: one that another program wrote could lead out of the store. */
const MEMBER_ID = /^[\w-]{1,64}$/;

/** The rosters of one group. */
export class RosterFiles {
  #known: Roster | undefined;

  constructor(
    private readonly storage: Storage,
    readonly directory: string,
    private readonly numPartitions: number,
  ) {}

  /** The current one, or one that was current a moment ago: see `#isLast`; undefined if no one ever joined. */
  read(): Roster | undefined {
    return this.#known !== undefined && this.#isLast(this.#known.epoch) ? this.#known : this.readLast();
  }

  /** The current one; undefined if no one ever joined. */
  readLast(): Roster | undefined {
    // Most names never had a group: an error costs more than this look, above all the first one.
    if (this.storage.stat(this.directory) === undefined) return undefined;
    for (let reading = 1;; reading++) {
      const epoch = this.#epochs().at(-1);
      if (epoch === undefined) return undefined;
      if (epoch === this.#known?.epoch) return this.#known;
      const path = this.#pathOf(epoch);
      const bytes = this.storage.readWhole(path, ROSTER_BYTES_MAX);
      if (bytes !== undefined) return this.#known = decode(bytes, epoch, path, this.numPartitions);
      if (reading === READINGS_MAX) {
        throw new StorageError("EAGAIN", `Cannot read "${path}": it disappears as soon as it appears`, {
          canRetry: true,
        });
      }
    }
  }

  /**
   * Publishes the next one. It does not count if another process was first, or if this one was stopped for so long that
   * its epoch was used and removed meanwhile: the next reading shows that.
   */
  publish(before: Roster | undefined, change: NextRoster): void {
    const epoch = (before?.epoch ?? 0) + 1;
    // Only what no version of this library has written leads there: the file would count for no one.
    const isJoining = change.members.some(({ id }) =>
      before?.members.every((member) => member.id !== id) ?? true
    );
    if (epoch >= (isJoining ? JOINS_END : EPOCHS_END)) throw unreadable(this.#pathOf(epoch - 1));
    if (!this.storage.publish(this.#pathOf(epoch), encode(change), { durable: false })) return;
    for (const earlier of this.#epochs().slice(0, -KEPT)) this.storage.remove(this.#pathOf(earlier));
  }

  /**
   * Whether a roster is the current one. They are removed in order, long after the next one came: if it exists at the
   * second look, then the next one, had it been published before the first, would have existed at that one. Unless it
   * is there again, published by a process that was stopped for long, until that one or the next to publish removes it.
   */
  #isLast(epoch: number): boolean {
    return this.storage.stat(this.#pathOf(epoch + 1)) === undefined &&
      this.storage.stat(this.#pathOf(epoch)) !== undefined;
  }

  #pathOf(epoch: number): string {
    return `${this.directory}/${String(epoch).padStart(16, "0")}.json`;
  }

  /** Epochs of the rosters that exist, in order. */
  #epochs(): number[] {
    // A member has made the folder of members before it looks.
    const numbers = listIfThere(this.storage, this.directory, "members").map((name) => NAME.exec(name)?.[1]);
    return numbers.filter((each) => each !== undefined).map(Number).sort((one, other) => one - other);
  }
}

function encode({ members, shares }: NextRoster): Uint8Array {
  const text = JSON.stringify({ version: VERSION, members, shares });
  const bytes = new TextEncoder().encode(text);
  return new TextEncoder().encode(`${checksumOf(bytes)}\n${text}`);
}

/** A roster torn by a power cut has no members: those that are alive join again. */
function decode(bytes: Uint8Array, epoch: number, path: string, numPartitions: number): Roster {
  const empty = { epoch, members: [], shares: vacant(numPartitions, epoch) };
  const text = bytes.subarray(9);
  if (new TextDecoder().decode(bytes.subarray(0, 8)) !== checksumOf(text)) return empty;
  const document = parsed(text);
  const { version, members, shares } = document ?? {};
  if (typeof version === "number" && version > VERSION) {
    throw new UnsupportedFormatError(path, version, VERSION);
  }
  const isValid = Array.isArray(members) && members.every(isMember) &&
    Array.isArray(shares) && shares.length === numPartitions && shares.every(isShare);
  if (isValid) return { epoch, members, shares };
  throw unreadable(path);
}

function unreadable(path: string): StorageError {
  return new StorageError(
    "EILSEQ",
    `Cannot read "${path}": no version of this library has written what is in it; delete the consumer`,
  );
}

function parsed(text: Uint8Array): Record<string, unknown> | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(text)) ?? undefined;
  } catch {
    return undefined;
  }
}

function isMember(value: unknown): value is Member {
  const { id, host, pid, started, timeoutMs, renewals } = (value ?? {}) as Partial<
    Record<keyof Member, unknown>
  >;
  return typeof id === "string" && MEMBER_ID.test(id) && typeof host === "string" &&
    [pid, timeoutMs, renewals].every((number) => typeof number === "number") &&
    (started === undefined || typeof started === "string");
}

function isShare(value: unknown): value is Share {
  const { owner, epoch } = (value ?? {}) as Partial<Record<keyof Share, unknown>>;
  return (owner === undefined || typeof owner === "string") && typeof epoch === "number";
}

function checksumOf(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, "0");
}

/** Shares of partitions without owners. */
export function vacant(numPartitions: number, epoch: number): Share[] {
  return Array.from({ length: numPartitions }, () => ({ owner: undefined, epoch }));
}

/** The roster without some members, and with a new one if that is given; free partitions are assigned. */
export function withoutMembers(roster: Roster, gone: readonly string[], joining?: Member): NextRoster {
  const members = roster.members.filter(({ id }) => !gone.includes(id));
  if (joining !== undefined) members.push(joining);
  const ids = members.map(({ id }) => id);
  const owners = roster.shares.map(({ owner }) => ids.includes(owner ?? "") ? owner : undefined);
  const wanted = assignPartitions(ids, owners);
  const shares = roster.shares.map((share, partition): Share => {
    if (owners[partition] !== undefined) return share;
    return { owner: wanted[partition], epoch: roster.epoch + 1 };
  });
  return { members, shares };
}

/** The roster with a renewal of a member; undefined if it is not in the roster, or that renewal is. */
export function withRenewal(
  { members, shares }: Roster,
  id: string,
  renewals: number,
): NextRoster | undefined {
  const me = members.find((member) => member.id === id);
  if (me === undefined || me.renewals === renewals) return undefined;
  return { members: members.map((member) => member === me ? { ...me, renewals } : member), shares };
}

/** Whether every partition belongs to the member that should have it. */
export function isBalanced({ members, shares }: Roster): boolean {
  const owners = shares.map(({ owner }) => owner);
  return String(assignPartitions(members.map(({ id }) => id), owners)) === String(owners);
}
