/**
 * Says which mutant is active. The copy of the repository contains a copy of this file, which every mutated
 * file asks.
 *
 * @module
 */
import process from "node:process";

/** Set and read by the worker. */
export interface MutationSwitch {
  /** The number of the active mutant; -1 for none. */
  active: number;
  /** Records which code runs, when that is wanted. */
  hits: Uint8Array | undefined;
  /** After this time, code that still runs is stopped. */
  deadline: number;
}

/** Thrown to leave an endless loop. */
export class RunsAway extends Error {
  override readonly name = "RunsAway";
}

function fromEnvironment(): number {
  try {
    return Number(process.env["DIASPORA_MUTANT"] ?? -1);
  } catch {
    return -1; // A program that may not read its environment.
  }
}

/** Shared with the worker, which may have created it first. */
export const mutationSwitch: MutationSwitch = {
  active: fromEnvironment(),
  hits: undefined,
  deadline: Infinity,
};

const now = performance.now.bind(performance);
let calls = 0;

/** Whether this mutant is active. */
export function is(number: number): boolean {
  if (mutationSwitch.hits !== undefined) mutationSwitch.hits[number] = 1;
  if ((++calls & 0x3fff) === 0 && now() > mutationSwitch.deadline) {
    throw new RunsAway("this code does not end");
  }
  return number === mutationSwitch.active;
}
