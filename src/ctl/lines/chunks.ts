import type { Readable } from "node:stream";

/** What a stream gives until it ends or the signal is aborted; an abort is an end like any other. */
export async function* readChunks(
  stream: Readable,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let stop = (): void => {};
  // Not every runtime ends a read of standard input that is under way when the stream is destroyed.
  const aborted = new Promise<undefined>((resolve) => stop = () => resolve(undefined));
  signal.addEventListener("abort", stop);
  try {
    while (!signal.aborted) {
      const next = await Promise.race([chunks.next(), aborted]);
      if (next === undefined || next.done) break;
      yield next.value;
    }
  } catch (error) {
    // A destroyed stream says that it ended too early.
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    if (signal.aborted) stream.destroy();
  }
}
