import { closeSync } from "node:fs";
import { sleep } from "../../async.ts";
import { Pause, yieldToOthers } from "./pause.ts";
import { ATOMIC_WRITE_BYTES, openForWriting, stateOfPath, writeNow } from "./pipe_files.ts";

/** How often to try to open a FIFO without a reader. */
const RETRY_MS = 50;
/** How long after the stop request a reader may take for the rest of a line that it has begun to receive. */
const LAST_LINE_MS = 2000;

/** Several lines encoded together. */
export interface LineBlock {
  bytes: Uint8Array;
  /** For each line the offset after its line end. */
  ends: readonly number[];
}

/**
 * Writes lines to a FIFO whose readers come and go. Lines are delivered completely: if a reader leaves in the
 * middle of one, the next reader gets it from its start.
 */
export class LineWriter {
  readonly #pause = new Pause();
  #descriptor: number | undefined;

  constructor(private readonly path: string, private readonly signal: AbortSignal) {}

  /** Waits for a reader; false if the signal was aborted before there was one. */
  async open(): Promise<boolean> {
    while (this.#descriptor === undefined) {
      if (this.signal.aborted) return false;
      if (stateOfPath(this.path) !== "fifo") throw new Error(`"${this.path}" is not a FIFO any more`);
      this.#descriptor = openForWriting(this.path);
      if (this.#descriptor === undefined) await sleep(RETRY_MS, this.signal);
    }
    return true;
  }

  /**
   * Writes a block, waiting while the reader is slow or absent. Returns the number of lines written, which is
   * lower than their total only if the signal was aborted.
   */
  async write(block: LineBlock): Promise<number> {
    const { bytes, ends } = block;
    let line = 0;
    let at = 0;
    while (line < ends.length) {
      if (!await this.open()) return line;
      const end = pieceEnd(ends, line, at);
      const result = writeNow(this.#descriptor!, bytes.subarray(at, end));
      if (result === "written") {
        at = end;
        while ((ends[line] ?? Infinity) <= at) line++;
        this.#pause.reset();
        continue;
      }
      if (result === "no reader") {
        this.close();
        at = ends[line - 1] ?? 0;
        continue;
      }
      const between = at === (ends[line - 1] ?? 0);
      if (this.signal.aborted) {
        return between ? line : await this.#finishLine(bytes.subarray(at, ends[line]), line);
      }
      await this.#pause.idle(this.signal);
    }
    await yieldToOthers();
    return line;
  }

  /** Closes the FIFO; its reader sees the end of file. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** The reader has the start of a line: write the rest, unless it takes too long. */
  async #finishLine(rest: Uint8Array, line: number): Promise<number> {
    const deadline = performance.now() + LAST_LINE_MS;
    const never = new AbortController().signal;
    for (let at = 0; at < rest.length;) {
      const result = writeNow(this.#descriptor!, rest.subarray(at, at + ATOMIC_WRITE_BYTES));
      if (result === "written") at += ATOMIC_WRITE_BYTES;
      else if (result === "no reader" || performance.now() > deadline) return line;
      else await sleep(1, never);
    }
    return line + 1;
  }
}

/** The end of what one write may contain: as many complete lines as fit, or a piece of a line that is too long. */
function pieceEnd(ends: readonly number[], line: number, at: number): number {
  const most = at + ATOMIC_WRITE_BYTES;
  let last = most;
  for (let next = line, end; (end = ends[next]) !== undefined && end <= most; next++) last = end;
  return last;
}
