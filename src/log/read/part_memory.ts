import { Buffer } from "node:buffer";
import { dataMemory } from "../../data/memory.ts";
import { core } from "../format/core/core.ts";

/**
 * Parts of up to this size come from slabs, which takes a sixth less than new memory for each in Deno. A part that is kept
 * keeps its slab: at most 16 times its own size.
 */
const SLAB_PART_BYTES_MAX = 32 * 1024;
const SLAB_BYTES = 256 * 1024;
const SLAB_ALIGNMENT = 64;

/** If not even this much can be allocated, nothing else works either. */
const LARGE_BYTES = 1 << 20;

/** A copy in memory of its own; made this way it is not filled with zeros first, as by `slice`. */
export function copyOf(ptr: number, size: number): Uint8Array {
  const copy = () => new Uint8Array(core.u8.subarray(ptr, ptr + size));
  return size < LARGE_BYTES ? copy() : dataMemory(size, copy);
}

/** A copy of a part that does not share its bytes with its neighbours. */
export function copyOfPart(ptr: number, size: number): Uint8Array {
  if (size > SLAB_PART_BYTES_MAX) return copyOf(ptr, size);
  const copy = partOfSlab(size);
  copy.set(core.u8.subarray(ptr, ptr + size));
  return copy;
}

/** Memory of its own, not cleared: clearing it takes longer than filling it from a file. */
export function unfilled(size: number): Uint8Array {
  return dataMemory(size, () => new Uint8Array(Buffer.allocUnsafeSlow(size).buffer, 0, size));
}

/** The slab that parts are taken from now, and where the next one begins. */
let slab = new ArrayBuffer(0);
let slabUsed = 0;

/** Memory for one part; the parts of a slab keep it alive as long as any of them is. */
function partOfSlab(size: number): Uint8Array {
  if (slabUsed + size > slab.byteLength) {
    slab = unfilled(SLAB_BYTES).buffer as ArrayBuffer;
    slabUsed = 0;
  }
  const part = new Uint8Array(slab, slabUsed, size);
  // So that it can be viewed as numbers of any size.
  slabUsed += Math.ceil(size / SLAB_ALIGNMENT) * SLAB_ALIGNMENT;
  return part;
}
