import type { DataDescriptor } from "../data_descriptor.ts";
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
