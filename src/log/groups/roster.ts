/**
 * What the members of a group agree on: who they are, and which of them owns which partition. Each change is a file of
 * its own, whose name is its number, and which one process alone gets to publish; the one with the highest number
 * counts. So who changes something has seen everything that came before, or begins anew.
 *
 * ```text
 * <topic>/consumers/<encoded name>/group/0000000000000042.json   the checksum of the second line; a document
 * <topic>/consumers/<encoded name>/group/members/<id>            a number that grows while the member lives
 * ```
 *
 * @module
 */
import { StorageError, UnsupportedFormatError } from "../../errors.ts";
import { isMissing, type Storage } from "../../storage/port.ts";
import { crc32 } from "../format/crc32.ts";

/** A process, in a way that tells it from every other. */
export interface MemberProcess {
  /** The machine, and what else it takes for process numbers to mean the same; empty where that is not known. */
  host: string;
  pid: number;
  /** When it was started, so that one which got its number later is not taken for it. */
  started?: string | undefined;
}

/** One consumer of the group. */
export interface Member extends MemberProcess {
  id: string;
  /** It is taken for gone when it showed no sign of life for so long. */
  timeoutMs: number;
  /** Counts how often it said that it is there after it had been silent for long. */
  renewals: number;
}

/** Who owns a partition. */
export interface Share {
  /** Id of the member. */
  owner: string | undefined;
  /** Number of the roster with which it became the owner: no two ownerships have the same. */
  epoch: number;
}

/** The members and their shares. */
export interface Roster {
  epoch: number;
  members: readonly Member[];
  /** By partition. */
  shares: readonly Share[];
}

const VERSION = 1;
const NAME = /^(\d{16})\.json$/;
/** Earlier rosters that stay, so that who lists the folder while it changes finds one. */
const KEPT = 4;
/** How often a roster is looked for anew that is removed before it could be read. */
const READINGS_MAX = 100;
const ROSTER_BYTES_MAX = 16 << 20;

/** The rosters of one group. */
export class RosterFiles {
  #known: Roster | undefined;

  constructor(
    private readonly storage: Storage,
    readonly directory: string,
    private readonly numPartitions: number,
  ) {}

  /** The one that counts now; undefined where no one ever joined. */
  read(): Roster | undefined {
    if (this.#known !== undefined && this.#isLast(this.#known.epoch)) return this.#known;
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

  /** Makes the next one the one that counts; false when another process was first. */
  publish(before: Roster | undefined, change: Omit<Roster, "epoch">): boolean {
    const epoch = (before?.epoch ?? 0) + 1;
    if (!this.storage.publish(this.#pathOf(epoch), encode(change), { durable: false })) return false;
    const epochs = this.#epochs();
    for (const earlier of epochs.slice(0, -KEPT)) this.storage.remove(this.#pathOf(earlier));
    // Who was stopped for long may have published a number that was used and removed.
    return epochs.every((other) => other <= epoch);
  }

  /**
   * Whether none came after it. They are removed in order, and only long after the next one came: as long as it is
   * there, so would be the next one. That order of the two looks is what makes it so.
   */
  #isLast(epoch: number): boolean {
    return this.storage.stat(this.#pathOf(epoch + 1)) === undefined &&
      this.storage.stat(this.#pathOf(epoch)) !== undefined;
  }

  #pathOf(epoch: number): string {
    return `${this.directory}/${String(epoch).padStart(16, "0")}.json`;
  }

  /** Numbers of the rosters that are there, in order. */
  #epochs(): number[] {
    try {
      const numbers = this.storage.list(this.directory).map((name) => NAME.exec(name)?.[1]);
      return numbers.filter((each) => each !== undefined).map(Number).sort((one, other) => one - other);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }
}

function encode({ members, shares }: Omit<Roster, "epoch">): Uint8Array {
  const text = JSON.stringify({ version: VERSION, members, shares });
  const bytes = new TextEncoder().encode(text);
  return new TextEncoder().encode(`${checksumOf(bytes)}\n${text}`);
}

/** One that a power cut tore names no one: those who are there join again. */
function decode(bytes: Uint8Array, epoch: number, path: string, numPartitions: number): Roster {
  const empty = { epoch, members: [], shares: vacant(numPartitions, epoch) };
  const text = bytes.subarray(9);
  if (new TextDecoder().decode(bytes.subarray(0, 8)) !== checksumOf(text)) return empty;
  const { version, members, shares } = JSON.parse(new TextDecoder().decode(text)) as Roster & {
    version: number;
  };
  if (version > VERSION) throw new UnsupportedFormatError(path, version, VERSION);
  return { epoch, members, shares };
}

function checksumOf(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, "0");
}

/** Partitions that no one owns. */
export function vacant(numPartitions: number, epoch: number): Share[] {
  return Array.from({ length: numPartitions }, () => ({ owner: undefined, epoch }));
}
