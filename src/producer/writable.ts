import type { DataPart } from "../data_view.ts";
import type { Metadata } from "../metadata.ts";
import type { Producer } from "../producer.ts";

/** An event with its data, as a chunk of {@linkcode Producer.writable}. */
export interface PushEnvelope<T> {
  /** As `push` takes it. */
  metadata: T | string | Metadata;
  /** As `push` takes it. */
  data?: DataPart;
  /** As `push` takes it. */
  partition?: number;
}

/** A chunk of {@linkcode Producer.writable}: metadata by itself, or an event with its data. */
export type PushItem<T> = T | string | Metadata | PushEnvelope<T>;

/** The stream that pushes into `producer`; `hasFailed` says whether a push failed that nobody waits for. */
export function writableOf<T>(producer: Producer<T>, hasFailed: () => boolean): WritableStream<PushItem<T>> {
  return new WritableStream<PushItem<T>>({
    async write(chunk) {
      // The flush throws what failed, which errors the stream.
      if (hasFailed()) await producer.flush();
      await producer.ready();
      if (isEnvelope(chunk)) {
        const { metadata, data, partition } = chunk;
        producer.push(metadata, data, partition === undefined ? undefined : { partition });
      } else producer.push(chunk);
    },
    async close() {
      await producer.flush();
    },
    async abort() {
      // What was written before is pushed all the same; its failures are the next flush's.
      await producer.flush().catch(() => {});
    },
  });
}

function isEnvelope<T>(chunk: PushItem<T>): chunk is PushEnvelope<T> {
  return typeof chunk === "object" && chunk !== null && !Array.isArray(chunk) && "metadata" in chunk;
}
