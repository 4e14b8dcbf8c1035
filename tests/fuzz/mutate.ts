import type { Random } from "./cases.ts";

/** Numbers at which sizes, counts and sums tend to overflow. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0xffffff80];

/** Damages bytes in one to six places: bits, bytes, boundary values, copied ranges, zeroed ranges. */
export function mutate(bytes: Uint8Array, random: Random): void {
  if (bytes.length === 0) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let times = 1 + random(6); times > 0; times--) {
    // Half of the damage is in the first bytes, where records are.
    const at = random(2) === 0 ? random(Math.min(80, bytes.length)) : random(bytes.length);
    const room = bytes.length - at;
    const stretch = 1 + random(Math.min(room, 100));
    switch (random(6)) {
      case 0:
        bytes[at] ^= 1 << random(8);
        break;
      case 1:
        bytes[at] = random(256);
        break;
      case 2:
        if (room >= 4) view.setUint32(at, EDGES[random(EDGES.length)], true);
        break;
      case 3:
        if (room >= 4) view.setUint32(at & ~3, EDGES[random(EDGES.length)], true);
        break;
      case 4:
        bytes.copyWithin(at, random(bytes.length), random(bytes.length));
        break;
      default:
        bytes.fill(random(2) * 255, at, at + stretch);
    }
  }
}
