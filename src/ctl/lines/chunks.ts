import type { Readable } from "node:stream";
import { withinLimit } from "../../future.ts";

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
