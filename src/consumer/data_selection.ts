import type { DataDescriptor } from "../data/descriptor.ts";
import { dataMemory } from "../data/memory.ts";
import type { DataPiece } from "../data/view.ts";
import { InvalidOptionError } from "../errors.ts";
import type { JsonValue } from "../json.ts";

/**
 * Selects bytes of an event's data part: returns the descriptor itself, a view made from it, or `null` for none.
 * Bytes that are not selected are not read.
 */
export type DataSelector<T = JsonValue> = (
  metadata: T,
  descriptor: DataDescriptor,
) => DataDescriptor | null | undefined | Promise<DataDescriptor | null | undefined>;

/**
 * Returns the buffer or buffers to fill with the selected bytes; their total size must equal `descriptor.size`, or
 * the event fails with `AllocationError`. Checksums are verified in the buffer: if the data is damaged the event
 * is not delivered, but the buffer may hold some of its bytes.
 */
export type DataAllocator<T = JsonValue> = (
  metadata: T,
  descriptor: DataDescriptor,
) => DataPiece | readonly DataPiece[] | Promise<DataPiece | readonly DataPiece[]>;

/**
 * Selects the whole data part of every event.
 *
 * @example
 * ```ts
 * import { Driver, FullDataSelector } from "@diaspora/stream";
 *
 * await using driver = await Driver.open("memory", {});
 * await driver.createTopic("frames", { num_partitions: 1 });
 * await using topic = await driver.openTopic("frames");
 * await using producer = topic.producer("camera");
 * await producer.push({ frame: 1 }, new Uint8Array([1, 2, 3]));
 * await using consumer = topic.consumer("viewer", { dataSelector: FullDataSelector });
 * const event = await consumer.pull();
 * console.log(event.data); // Uint8Array(3) [ 1, 2, 3 ]
 * ```
 */
export function FullDataSelector(_metadata: unknown, descriptor: DataDescriptor): DataDescriptor {
  return descriptor;
}

/**
 * Allocates one `Uint8Array` for the selected bytes, not shared with other events. Without an allocator, the
 * engine may place the data of several events in the same memory.
 */
export function Uint8ArrayAllocator(_metadata: unknown, descriptor: DataDescriptor): Uint8Array {
  return dataMemory(descriptor.size);
}

/**
 * Makes an allocator that reuses its memory, as large as the largest part selected so far: for loops that finish
 * with an event before they go to the next one. New memory for each event costs more than reading the event.
 *
 * @param buffers how many consecutive events keep their bytes. Default: 1, the latest one.
 *
 * @example
 * ```ts
 * import { Driver, reusingAllocator } from "@diaspora/stream";
 *
 * await using driver = await Driver.open("memory", {});
 * await driver.createTopic("frames", { num_partitions: 1 });
 * await using topic = await driver.openTopic("frames");
 * await using producer = topic.producer("camera");
 * for (let frame = 0; frame < 3; frame++) producer.push({ frame }, new Uint8Array(1_000_000).fill(frame));
 * await producer.flush();
 * await using consumer = topic.consumer("viewer", { dataAllocator: reusingAllocator() });
 * for await (const event of consumer.events({ until: "end" })) {
 *   console.log(event.data?.[0]); // 0, 1 and 2: each is valid until the next event is read
 * }
 * ```
 */
export function reusingAllocator(
  buffers: number = 1,
): (metadata: unknown, descriptor: DataDescriptor) => Uint8Array {
  if (!Number.isSafeInteger(buffers) || buffers < 1) {
    throw new InvalidOptionError(
      "buffers",
      `Cannot make an allocator of ${String(buffers)} buffers: expected a whole number above 0`,
    );
  }
  const memory: Uint8Array[] = [];
  let next = 0;
  return (_metadata, { size }) => {
    const index = next;
    next = (next + 1) % buffers;
    let buffer = memory[index];
    if (buffer === undefined || buffer.byteLength < size) memory[index] = buffer = dataMemory(size);
    return buffer.subarray(0, size);
  };
}
