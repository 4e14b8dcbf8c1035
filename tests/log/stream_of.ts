/** A stream of these pieces. A writer does not know its size before, and so cannot begin a segment in which it fits. */
export async function* streamOf(...pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}
