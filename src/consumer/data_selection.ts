import type { DataDescriptor } from "../data_descriptor.ts";
import { InvalidOptionError } from "../errors.ts";
import type { JsonValue } from "../json.ts";

/**
 * Says which bytes of an event's data part are wanted: the descriptor as it is, a view made from it, or `null`
 * for none. What is not selected is not read.
 */
export type DataSelector<T = JsonValue> = (
  metadata: T,
  descriptor: DataDescriptor,
) => DataDescriptor | null | undefined | Promise<DataDescriptor | null | undefined>;

/**
 * Gives the buffer or buffers to fill with the selected bytes; their sizes add up to `descriptor.size`, else the
 * event fails with `AllocationError`. Data is checked in the buffer: where it is damaged the event is not given, and
 * the buffer may hold some of its bytes.
 */
export type DataAllocator<T = JsonValue> = (
  metadata: T,
  descriptor: DataDescriptor,
) => ArrayBufferView | readonly ArrayBufferView[] | Promise<ArrayBufferView | readonly ArrayBufferView[]>;

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
 * Allocates one `Uint8Array` for the selected bytes, which they share with no other event. Where no allocator is
 * given they may lie in memory that the engine made for several.
 */
export function Uint8ArrayAllocator(_metadata: unknown, descriptor: DataDescriptor): Uint8Array {
  return new Uint8Array(descriptor.size);
}

/**
 * Makes an allocator that gives the same memory again and again, as much as the largest part selected so far: for
 * loops that are done with an event before they take the next one. New memory for each event costs more than
 * reading the event.
 *
 * @param buffers how many events one after another keep their bytes. Default: 1, the last one.
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
 *   console.log(event.data?.[0]); // 0, 1 and 2: each until the next event is asked for
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
    if (buffer === undefined || buffer.byteLength < size) memory[index] = buffer = new Uint8Array(size);
    return buffer.subarray(0, size);
  };
}
