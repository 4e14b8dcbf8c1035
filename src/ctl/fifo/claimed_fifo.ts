import { randomUUID } from "node:crypto";
import { fstatSync, linkSync, mkdirSync, rmdirSync, statSync, unlinkSync } from "node:fs";
import { UsageError } from "../usage_error.ts";
import { sleep } from "../../sleep.ts";
import { close, codeOf, makeFifo, openForReading, openForWriting, stateOfPath } from "./pipe_files.ts";

/** Pause between attempts while another process claims the same path, and how long they go on. */
const RETRY_MS = 20;
const CLAIM_MS_MAX = 2000;

/** A FIFO that this process reads, and no other that claims what it reads. */
export class ClaimedFifo {
  constructor(readonly path: string, readonly descriptor: number) {}

  /** Removes the name, where it still leads to this FIFO, and stops reading. */
  remove(): void {
    // The name goes first: while it is there another process sees that this one reads.
    const own = fstatSync(this.descriptor);
    const there = statSync(this.path, { throwIfNoEntry: false });
    if (there !== undefined && there.dev === own.dev && there.ino === own.ino) unlinkSync(this.path);
    close(this.descriptor);
  }
}

/**
 * Makes a FIFO that is open for reading before its name is there, or takes over one that no process reads. Of
 * several processes that claim the same path one gets it; the others are refused with `UsageError`.
 */
export async function claimFifo(path: string): Promise<ClaimedFifo> {
  const deadline = performance.now() + CLAIM_MS_MAX;
  for (;;) {
    const state = stateOfPath(path);
    if (state === "other") throw new UsageError(`Cannot use FIFO "${path}": it exists and is not a FIFO`);
    const descriptor = state === "nothing" ? await makeOpen(path) : takeOver(path);
    if (descriptor !== undefined) return new ClaimedFifo(path, descriptor);
    if (performance.now() > deadline) {
      throw new UsageError(
        `Cannot use FIFO "${path}": another process is claiming it; if there is none, remove "${
          markOf(path)
        }"`,
      );
    }
    await sleep(RETRY_MS, new AbortController().signal);
  }
}

/** Makes a FIFO aside, opens it, and gives it its name; undefined when something has that name by now. */
async function makeOpen(path: string): Promise<number | undefined> {
  const aside = `${path}.${randomUUID()}`;
  await makeFifo(aside, path);
  try {
    const descriptor = openForReading(aside);
    try {
      linkSync(aside, path);
      return descriptor;
    } catch (error) {
      close(descriptor);
      if (codeOf(error) === "EEXIST") return undefined;
      throw error;
    }
  } finally {
    unlinkSync(aside);
  }
}

/** Opens a FIFO that no process reads; undefined when another one is about to, or when it is gone. */
function takeOver(path: string): number | undefined {
  // Two processes that both see no reader would both become one.
  const mark = setMark(path);
  if (mark === "taken") return undefined;
  try {
    const reader = openForWriting(path);
    if (reader === undefined) return openForReading(path);
    close(reader);
    throw new UsageError(`Cannot use FIFO "${path}": another process reads it`);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  } finally {
    if (mark === "made") rmdirSync(markOf(path));
  }
}

/** The folder that marks a path as being taken over. */
function markOf(path: string): string {
  return `${path}.claim`;
}

/** Sets the mark; where nothing can be written it is `impossible`, and no other process can set it either. */
function setMark(path: string): "made" | "taken" | "impossible" {
  try {
    mkdirSync(markOf(path));
    return "made";
  } catch (error) {
    return codeOf(error) === "EEXIST" ? "taken" : "impossible";
  }
}
