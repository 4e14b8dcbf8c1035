import type { DataRange } from "./incoming.ts";

/**
 * Splits ranges of a data part into the pieces that buffers accept in order, as if these were one buffer: `fill`
 * gets the offset of each piece and the memory for it. Both sides have the same total size.
 */
export function scatter(
  ranges: readonly DataRange[],
  into: readonly Uint8Array[],
  fill: (offset: number, target: Uint8Array) => void,
): void {
  // The common case, without creating a view.
  if (ranges.length === 1 && into.length === 1) return fill(ranges[0]!.offset, into[0]!);
  let target = 0;
  let filled = 0;
  for (const { offset, size } of ranges) {
    for (let done = 0; done < size;) {
      while (filled === into[target]!.byteLength) {
        target++;
        filled = 0;
      }
      const piece = into[target]!.subarray(filled, filled + size - done);
      fill(offset + done, piece);
      done += piece.byteLength;
      filled += piece.byteLength;
    }
  }
}
