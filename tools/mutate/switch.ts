/**
 * Says which mutant is active. A copy of this file stands in the copy of the repository, and every mutated file
 * there asks it.
 *
 * @module
 */
import process from "node:process";

/** What a worker sets, and reads. */
export interface MutationSwitch {
  /** The number of the active mutant; -1 for none. */
  active: number;
  /** Marks each place that is run, while something wants to know. */
  hits: Uint8Array | undefined;
  /** After this, code that still runs is stopped. */
  deadline: number;
}

/** Thrown out of a loop that does not end. */
export class RunsAway extends Error {
  override readonly name = "RunsAway";
}

function fromEnvironment(): number {
  try {
    return Number(process.env["DIASPORA_MUTANT"] ?? -1);
  } catch {
    return -1; // A program that may not look at its environment.
  }
}

/** Shared with the worker, which may have made it before. */
export const mutationSwitch: MutationSwitch = {
  active: fromEnvironment(),
  hits: undefined,
  deadline: Infinity,
};

const now = performance.now.bind(performance);
let calls = 0;

/** Whether this mutant is the active one. */
export function is(number: number): boolean {
  if (mutationSwitch.hits !== undefined) mutationSwitch.hits[number] = 1;
  if ((++calls & 0x3fff) === 0 && now() > mutationSwitch.deadline) {
    throw new RunsAway("this code does not end");
  }
  return number === mutationSwitch.active;
}
