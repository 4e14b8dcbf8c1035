import { StorageError } from "../../../src/errors.ts";

/** Thrown through a process that was killed; nothing in the library may swallow it. */
export class SimulatedKill extends Error {
  override readonly name = "SimulatedKill";
}

/** The error of a call that failed on purpose. */
export function simulatedError(errno: string, verb: string, path: string): StorageError {
  return new StorageError(errno, `Cannot ${verb} "${path}": simulated (${errno})`, { canRetry: true });
}

/** Whether a call failed on purpose. */
export function isSimulated(error: unknown): boolean {
  return error instanceof StorageError && error.message.includes(": simulated (");
}
