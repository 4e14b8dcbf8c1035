import type { Readable } from "node:stream";

/** The chunks of a stream until it ends or the signal is aborted; an abort is a normal end. */
export async function* readChunks(
  stream: Readable,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let stop = (): void => {};
  // Not every runtime ends a pending read of standard input when the stream is destroyed.
  const aborted = new Promise<undefined>((resolve) => stop = () => resolve(undefined));
  signal.addEventListener("abort", stop);
  try {
    while (!signal.aborted) {
      const next = await Promise.race([chunks.next(), aborted]);
      if (next === undefined || next.done) break;
      yield next.value;
    }
  } catch (error) {
    // Destroying the stream causes a premature-close error.
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    if (signal.aborted) stream.destroy();
  }
}
