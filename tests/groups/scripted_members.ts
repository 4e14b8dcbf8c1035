// What the tests of a group's membership share: members in separate processes, whose clocks and disk a test controls.
import { Membership } from "../../src/groups/membership.ts";
import { type NextRoster, type Roster, RosterFiles } from "../../src/groups/roster.ts";
import { withOpenFiles } from "../drivers/files/counted_files.ts";
import { ROOT, SimulatedFolder } from "../drivers/files/simulated_folder.ts";
import { ScriptedEnvironment } from "./scripted_environment.ts";

export const TIMEOUT_MS = 1000;

/** The members of one group, each a process with its own clock, which all show the same time. */
export class Scene {
  readonly folder = new SimulatedFolder();
  readonly members: ScriptedMember[] = [];
  /** The disk as members see it, and the files that they have open. */
  readonly #counted = withOpenFiles(this.folder.storage);
  readonly storage = this.#counted.storage;
  readonly openFiles = this.#counted.openFiles;

  constructor(readonly numPartitions = 4, readonly timeoutMs: number = TIMEOUT_MS) {}

  member(): ScriptedMember {
    const member = new ScriptedMember(this, this.members.length + 1);
    this.members.push(member);
    return member;
  }

  joined(): ScriptedMember {
    const member = this.member();
    member.membership.join();
    return member;
  }

  /** Time passes for everyone. */
  pass(ms: number): void {
    for (const { environment } of this.members) environment.nowMs += ms;
  }

  /** Each member polls, until nothing changes any more. */
  settle(): void {
    for (let round = 0; round < 4; round++) for (const { membership } of this.members) membership.poll();
  }

  get roster(): Roster | undefined {
    return new RosterFiles(this.folder.storage, `${ROOT}/group`, this.numPartitions).read();
  }

  /** Another process publishes the next roster. */
  publish(change: (roster: Roster) => Partial<NextRoster>): void {
    const files = new RosterFiles(this.folder.storage, `${ROOT}/group`, this.numPartitions);
    const roster = files.read()!;
    files.publish(roster, { ...roster, ...change(roster) });
  }

  /** How often something is looked at on the disk during the work. */
  looksDuring(work: () => void): number {
    let count = 0;
    this.folder.before = (name) => void (name === "stat" && count++);
    work();
    this.folder.before = () => {};
    return count;
  }
}

/** A member that notes what its listener learns, and what it owns by that. */
export class ScriptedMember {
  readonly environment = new ScriptedEnvironment();
  readonly owned = new Set<number>();
  readonly log: string[] = [];
  /** Whether it lets partitions go when that is asked of it. */
  letsGo = true;
  onAssigned = (_partition: number): void => {};
  onLost = (_partition: number): void => {};
  readonly membership: Membership;

  constructor({ storage, numPartitions, timeoutMs }: Scene, pid: number) {
    const { environment } = this;
    Object.assign(environment, { self: { host: "here", pid, started: `at ${pid}` } });
    this.membership = new Membership({
      storage,
      directory: `${ROOT}/group`,
      timeoutMs,
      environment,
      numPartitions,
      listener: {
        onAssigned: (partitions) =>
          partitions.flatMap((partition) => {
            this.log.push(`+${partition}`);
            this.owned.add(partition);
            try {
              this.onAssigned(partition);
              return [];
            } catch (error) {
              return [{ partition, error }];
            }
          }),
        onRevoking: (partition) => {
          this.log.push(`?${partition}`);
          return this.letsGo;
        },
        onKept: (partition) => void this.log.push(`=${partition}`),
        onLost: (partition) => {
          this.log.push(`-${partition}`);
          this.owned.delete(partition);
          this.onLost(partition);
        },
        onTurn: () => void this.log.push("turn"),
        onError: (error) => void this.log.push(`error ${(error as Error).message}`),
      },
    });
  }

  get partitions(): string {
    return [...this.owned].sort().join("");
  }

  /** Its timer fires. */
  tick(): void {
    [...this.environment.timers.values()].at(-1)!();
  }
}
