import { randomBytes } from "../wasm/reference.ts";

/**
 * Damages one of the segments at random: a bit, a sector of zeros, other bytes; those between the first and
 * the last also by truncating or removing them.
 */
export function damageAtRandom(
  files: Map<string, Uint8Array>,
  segments: readonly string[],
  random: (below: number) => number,
): void {
  const index = random(segments.length);
  const bytes = files.get(segments[index]);
  if (bytes === undefined || bytes.length === 0) return;
  const at = random(bytes.length);
  const isInside = index > 0 && index < segments.length - 1;
  switch (random(isInside ? 5 : 3)) {
    case 0:
      bytes[at] ^= 1 << random(8);
      break;
    case 1:
      bytes.fill(0, at & ~511, (at & ~511) + 512);
      break;
    case 2:
      bytes.set(randomBytes(Math.min(1 + random(3000), bytes.length - at), at), at);
      break;
    case 3:
      files.set(segments[index], bytes.slice(0, at));
      break;
    case 4:
      files.delete(segments[index]);
  }
}
