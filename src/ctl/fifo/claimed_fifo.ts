import { randomUUID } from "node:crypto";
import { closeSync, fstatSync, linkSync, mkdirSync, rmdirSync, statSync, unlinkSync } from "node:fs";
import { UsageError } from "../usage_error.ts";
import { sleep } from "../../async.ts";
import { errnoOf } from "../../storage/errno.ts";
import { makeFifo, openForReading, openForWriting, stateOfPath } from "./pipe_files.ts";

/** Delay between attempts while another process is claiming the same path, and for how long to retry. */
const RETRY_MS = 20;
const CLAIM_MS_MAX = 2000;

/** A FIFO that only this process reads, among those that claim what they read. */
export class ClaimedFifo {
  constructor(readonly path: string, readonly descriptor: number) {}

  /** Removes the path, if it still refers to this FIFO, and stops reading. */
  remove(): void {
    // The path is removed first: while it exists, another process must see that this one is reading.
    const own = fstatSync(this.descriptor);
    const there = statSync(this.path, { throwIfNoEntry: false });
    if (there !== undefined && there.dev === own.dev && there.ino === own.ino) unlinkSync(this.path);
    closeSync(this.descriptor);
  }
}

/**
 * Creates a FIFO that is open for reading before it appears at its path, or takes over one that no process reads.
 * Of several processes that claim the same path, one succeeds; the others get a `UsageError`.
 */
export async function claimFifo(path: string): Promise<ClaimedFifo> {
  const deadline = performance.now() + CLAIM_MS_MAX;
  for (;;) {
    const state = stateOfPath(path);
    if (state === "other") {
      throw new UsageError(
        `Cannot use FIFO "${path}": it exists and is not a FIFO; choose another path, or move it away`,
      );
    }
    const descriptor = state === "nothing" ? await createOpen(path) : openUnread(path);
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

/**
 * Creates a FIFO under a temporary name, opens it, and links it at its path; undefined if something exists there
 * by now.
 */
async function createOpen(path: string): Promise<number | undefined> {
  const aside = `${path}.${randomUUID()}`;
  await makeFifo(aside, path);
  try {
    const descriptor = openForReading(aside);
    try {
      linkSync(aside, path);
      return descriptor;
    } catch (error) {
      closeSync(descriptor);
      if (errnoOf(error) === "EEXIST") return undefined;
      throw error;
    }
  } finally {
    unlinkSync(aside);
  }
}

/** Opens a FIFO that no process reads; undefined if another process is about to, or it no longer exists. */
function openUnread(path: string): number | undefined {
  // Two processes that both see no reader would otherwise both become one.
  const mark = setMark(path);
  if (mark === "taken") return undefined;
  try {
    const reader = openForWriting(path);
    if (reader === undefined) return openForReading(path);
    closeSync(reader);
    throw new UsageError(
      `Cannot use FIFO "${path}": another process reads it; choose another path, or end that process`,
    );
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  } finally {
    if (mark === "made") rmdirSync(markOf(path));
  }
}

/** The folder that marks a path as being taken over. */
function markOf(path: string): string {
  return `${path}.claim`;
}

/**
 * Creates the mark; `impossible` if the folder is not writable, in which case no other process can create it
 * either.
 */
function setMark(path: string): "made" | "taken" | "impossible" {
  try {
    mkdirSync(markOf(path));
    return "made";
  } catch (error) {
    return errnoOf(error) === "EEXIST" ? "taken" : "impossible";
  }
}
