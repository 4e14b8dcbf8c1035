import { DataDescriptor, rangesOf, sizeOf } from "../data/descriptor.ts";
import type { IncomingBatch } from "../contract.ts";
import { AllocationError, DataRangeError } from "../errors.ts";
import { dataMemory } from "../data/memory.ts";
import { bytesOf, isBytes, nameOf } from "../data/view.ts";
import { counted } from "../text/counted.ts";

const NOTHING: readonly Uint8Array[] = [new Uint8Array(0)];

/**
 * The bytes that `descriptor` selects from one event's data part: in the given buffers, or else in a new one or in
 * memory that the engine already has.
 */
export function loadData(
  incoming: IncomingBatch,
  index: number,
  descriptor: DataDescriptor,
  into?: readonly Uint8Array[],
): readonly Uint8Array[] | Promise<readonly Uint8Array[]> {
  checkBelongs(descriptor, incoming.dataSize(index));
  if (descriptor.size === 0) return into ?? NOTHING;
  const ranges = rangesOf(descriptor);
  const [first] = ranges;
  if (into === undefined && first !== undefined && ranges.length === 1 && incoming.viewData !== undefined) {
    const view = incoming.viewData(index, first);
    return view instanceof Uint8Array ? [view] : view.then((later) => [later]);
  }
  const buffers = into ?? [dataMemory(descriptor.size)];
  const filled = incoming.readData(index, ranges, buffers);
  return filled === undefined ? buffers : filled.then(() => buffers);
}

/** Like {@linkcode loadData} for everything, without creating a descriptor: called for every event. */
export function loadWhole(
  incoming: IncomingBatch,
  index: number,
): readonly Uint8Array[] | Promise<readonly Uint8Array[]> {
  const size = incoming.dataSize(index);
  if (size === 0) return NOTHING;
  if (incoming.viewData === undefined) return loadData(incoming, index, new DataDescriptor(size));
  const view = incoming.viewData(index, { offset: 0, size });
  return view instanceof Uint8Array ? [view] : view.then((later) => [later]);
}

/** The buffers returned by an allocator as bytes; throws `AllocationError` unless their total size is right. */
export function allocated(answer: unknown, selected: DataDescriptor): readonly Uint8Array[] {
  const { size } = selected;
  // The common case.
  if (isBytes(answer) && answer.length === size) return [answer];
  const pieces: unknown[] = Array.isArray(answer) ? answer : [answer];
  // Unlike `map`, this does not pass over a hole in the array.
  const buffers = Array.from(pieces, writable);
  const total = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (total !== size) {
    throw new AllocationError(
      `Cannot load data: ${sizeOf(selected)} ${
        size === 1 ? "is" : "are"
      } selected, the data allocator gave ${total}`,
    );
  }
  return buffers;
}

/** The memory of a buffer or view that an allocator returned. */
function writable(piece: unknown): Uint8Array {
  try {
    return bytesOf(piece);
  } catch {
    throw new AllocationError(
      `Cannot load data: the data allocator gave ${nameOf(piece)}, expected a buffer that is not detached, ` +
        "a view within one, such as a Uint8Array, or an array of those",
    );
  }
}

/** Throws `DataRangeError` unless the descriptor describes a data part of that size. */
export function checkBelongs(descriptor: DataDescriptor, dataSize: number): void {
  if (!(descriptor instanceof DataDescriptor)) {
    throw new DataRangeError(
      `Cannot load data: expected a DataDescriptor or null, found ${typeof descriptor}`,
    );
  }
  if (descriptor.totalSize !== dataSize) {
    throw new DataRangeError(
      `Cannot load data: the descriptor is of a data part of ${
        counted(descriptor.totalSize, "byte")
      }, this one has ${dataSize}`,
    );
  }
}
