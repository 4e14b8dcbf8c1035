import type { Storage } from "../../storage/port.ts";
import { readBeat } from "./beat.ts";
import type { Member, MemberProcess } from "./roster.ts";

/** How often the others' signs of life are read at most, in milliseconds. */
const LOOK_MS_MAX = 2000;
/** How often one of the others is looked at more thoroughly. */
const THOROUGH_MS = 1000;

/** What a group has to know of the machine beside its storage. */
export interface Surroundings {
  /** The process that this is. */
  readonly self: MemberProcess;
  /** Whether a process is certainly not there any more; `thorough` takes longer, and also tells a number used again. */
  isGone(process: MemberProcess, thorough: boolean): boolean;
  /** Milliseconds of a clock that never steps. */
  elapsedMs(): number;
  /** Calls again and again, but keeps no process running; the function given back ends it. */
  every(ms: number, call: () => void): () => void;
  /** Calls once the running code has let others have their turn; the function given back takes it back. */
  soon(call: () => void): () => void;
  /** Waits. */
  sleep(ms: number): Promise<void>;
}

interface Seen {
  /** The number that it showed; undefined where that did not have to be read. */
  beat: number | undefined;
  /** When the file with it was changed, as the system of this machine says. */
  modified: number | undefined;
  renewals: number;
  sinceMs: number;
  /** How often it showed that it is there, since it is looked at. */
  signs: number;
}

/**
 * Who of the others is gone: a process of this machine that is not there any more, at once; any other when it showed no
 * sign of life for its timeout, as this process has seen it, by its own clock. So clocks may differ and step.
 */
export class Others {
  readonly #seen = new Map<string, Seen>();
  #lookedMs = -Infinity;
  #thoroughMs = -Infinity;
  #turn = 0;

  constructor(
    private readonly storage: Storage,
    private readonly directory: string,
    private readonly around: Surroundings,
  ) {}

  /** Those of the members who are gone. */
  gone(members: readonly Member[]): Member[] {
    const now = this.around.elapsedMs();
    const lookMs = Math.min(LOOK_MS_MAX, ...members.map(({ timeoutMs }) => timeoutMs / 5));
    const looks = now - this.#lookedMs >= lookMs;
    if (looks) this.#lookedMs = now;
    for (const id of this.#seen.keys()) {
      if (!members.some((member) => member.id === id)) this.#seen.delete(id);
    }
    // One of them more thoroughly now and then: that costs more.
    const isThorough = members.length > 0 && now - this.#thoroughMs >= THOROUGH_MS;
    if (isThorough) this.#thoroughMs = now;
    const turn = isThorough ? this.#turn++ % members.length : -1;
    return members.filter((member, index) => {
      if (this.#isHere(member) && this.around.isGone(member, index === turn)) return true;
      return looks ? this.#isSilent(member) : false;
    });
  }

  /** Whether the process of one of the members is not there any more, as far as that shows at once. */
  hasLeft(members: readonly Member[]): boolean {
    return members.some((member) => this.#isHere(member) && this.around.isGone(member, false));
  }

  #isHere({ host }: Member): boolean {
    return host !== "" && host === this.around.self.host;
  }

  /** Whether a member showed that it is there since it was looked at first. */
  hasShown(id: string): boolean {
    return (this.#seen.get(id)?.signs ?? 0) > 0;
  }

  #isSilent(member: Member): boolean {
    // Before the reading: time in which this process was stopped after it is not a silence that it has seen.
    const silentMs = this.around.elapsedMs() - (this.#seen.get(member.id)?.sinceMs ?? Infinity);
    const path = `${this.directory}/members/${member.id}`;
    const seen = this.#seen.get(member.id);
    // Of this machine's, when the file was changed says it as well, and costs less than reading.
    const modified = this.#isHere(member) ? this.storage.stat(path)?.modified : undefined;
    const isTouched = seen !== undefined && modified !== undefined && modified !== seen.modified;
    const beat = isTouched ? undefined : readBeat(this.storage, path);
    const hasShown = isTouched || (seen?.beat !== undefined && seen.beat !== beat);
    if (seen === undefined || hasShown || seen.renewals !== member.renewals) {
      const sinceMs = this.around.elapsedMs();
      this.#seen.set(member.id, {
        beat,
        modified,
        renewals: member.renewals,
        sinceMs,
        signs: seen === undefined ? 0 : seen.signs + 1,
      });
      return false;
    }
    seen.beat = beat;
    return silentMs > member.timeoutMs;
  }
}
