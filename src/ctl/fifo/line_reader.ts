import { type LineLimit, LineSplitter } from "../lines/line_splitter.ts";
import { Pause, yieldToOthers } from "./pause.ts";
import { readNow } from "./pipe_files.ts";

/** More than the capacity of a pipe, so that one read empties it. */
const READ_BYTES = 1 << 17;
/** How long to continue reading from a busy writer after the signal. */
const LAST_READ_MS = 1000;

/** The result of reading a FIFO. */
type ReadResult =
  /** Complete lines, as one block of bytes, valid until the next result is requested. */
  | { kind: "lines"; block: Uint8Array }
  /** Nothing arrived during one pause: an opportunity to flush. */
  | { kind: "idle" };

/**
 * Reads lines from a FIFO that writers open and close at will. A last line without a line end counts as a line
 * once there is no writer. Ends when the signal is aborted and everything written before has been read.
 */
export async function* readLines(
  descriptor: number,
  signal: AbortSignal,
  limit: LineLimit,
): AsyncGenerator<ReadResult, void, void> {
  const buffer = new Uint8Array(READ_BYTES);
  const splitter = new LineSplitter(limit);
  const pause = new Pause();
  let deadline = Infinity;
  for (;;) {
    if (signal.aborted) deadline = Math.min(deadline, performance.now() + LAST_READ_MS);
    const count = readNow(descriptor, buffer);
    if (count === "empty" || count === 0) {
      const last = count === 0 || signal.aborted ? splitter.end() : undefined;
      if (last !== undefined) yield { kind: "lines", block: last };
      if (signal.aborted) return;
      yield { kind: "idle" };
      await pause.idle(signal);
      continue;
    }
    pause.reset();
    const block = splitter.push(buffer.subarray(0, count));
    if (block !== undefined) yield { kind: "lines", block };
    if (performance.now() > deadline) return;
    await yieldToOthers();
  }
}
