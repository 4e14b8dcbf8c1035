import type { Readable } from "node:stream";
import { LimitExceededError } from "../../errors.ts";
import { decodeLines, withoutByteOrderMark } from "./decode_lines.ts";
import { type LineLimit, LineSplitter } from "./line_splitter.ts";
import { withinLimit } from "../../future.ts";

/** Lines that arrived together, without their line ends. */
interface NumberedLines {
  /** The number of the first line; a stream starts with 1. */
  first: number;
  lines: string[];
  /** Index of the first line that is not valid UTF-8. */
  malformed?: number;
}

/** A line exceeds the maximum length; every line before it was yielded. */
export class LineTooLongError extends Error {
  override readonly name = "LineTooLongError";
  /** Its number. */
  readonly line: number;

  constructor(line: number, cause: LimitExceededError) {
    super(cause.message, { cause });
    this.line = line;
  }
}

/**
 * The lines of a stream until it ends or the signal is aborted. A leading byte order mark is removed. Throws
 * {@linkcode LineTooLongError}.
 */
export async function* numberedLines(
  stream: Readable,
  signal: AbortSignal,
  limit?: LineLimit,
): AsyncGenerator<NumberedLines, void, void> {
  const splitter = new LineSplitter(limit);
  let first = 1;
  const numbered = (block: Uint8Array): NumberedLines => {
    const decoded = decodeLines(block);
    const [head] = decoded.lines;
    if (first === 1 && head !== undefined) decoded.lines[0] = withoutByteOrderMark(head);
    const result = { first, ...decoded };
    first += decoded.lines.length;
    return result;
  };
  try {
    for await (const chunk of readChunks(stream, signal)) {
      const block = splitter.push(chunk);
      if (block !== undefined) yield numbered(block);
    }
    const last = splitter.end();
    if (last !== undefined) yield numbered(last);
  } catch (error) {
    throw error instanceof LimitExceededError ? new LineTooLongError(first, error) : error;
  }
}

/** The chunks of a stream until it ends or the signal is aborted; an abort is a normal end. */
export async function* readChunks(
  stream: Readable,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  try {
    while (!signal.aborted) {
      // Not every runtime ends a pending read of standard input when the stream is destroyed.
      const next = await withinLimit(chunks.next(), Infinity, signal);
      if (next === undefined || next.done) break;
      yield next.value;
    }
  } catch (error) {
    // Destroying the stream causes a premature-close error.
    if (!signal.aborted) throw error;
  } finally {
    if (signal.aborted) stream.destroy();
  }
}
