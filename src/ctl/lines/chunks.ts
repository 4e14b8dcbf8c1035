import type { Readable } from "node:stream";

/** What a stream gives until it ends or the signal is aborted; an abort is an end like any other. */
export async function* readChunks(
  stream: Readable,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  if (signal.aborted) return;
  const stop = (): void => {
    stream.destroy();
  };
  signal.addEventListener("abort", stop);
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    // A destroyed stream says that it ended too early.
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
