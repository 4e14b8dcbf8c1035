import { diagnostics } from "../diagnostics.ts";
import type { PushBatch } from "./push_batch.ts";

/** The producer of the batches and flushes. */
interface Source {
  readonly topic: string;
  readonly name: string;
}

/** Publishes the outcome of a batch, part by part if it was stored in parts; nothing of one that had become empty. */
export function publishStored(source: Source, partition: number, batch: PushBatch): void {
  if (batch.count === 0) return;
  for (const part of batch.parts ?? [batch]) {
    const bytes = Math.round(batch.bytes * part.count / batch.count);
    const outcome = part.failed ? { error: part.error } : { firstId: part.baseId };
    publish(source, partition, { count: part.count, bytes, begunMs: batch.begunMs }, outcome);
  }
}

/** Publishes why batches were not stored. */
export function publishFailed(source: Source, partition: number, batches: readonly PushBatch[]): void {
  for (const batch of batches) publish(source, partition, batch, { error: batch.error });
}

/** Publishes the outcome of a flush and returns it. */
export async function publishFlush({ topic, name }: Source, flushing: Promise<true>): Promise<true> {
  const begunMs = performance.now();
  const report = (outcome: { error?: unknown }) =>
    diagnostics.flush.publish({
      topic,
      producer: name,
      durationMs: performance.now() - begunMs,
      ...outcome,
    });
  try {
    await flushing;
  } catch (error) {
    report({ error });
    throw error;
  }
  report({});
  return true;
}

function publish(
  { topic, name }: Source,
  partition: number,
  { count, bytes, begunMs }: Pick<PushBatch, "count" | "bytes" | "begunMs">,
  outcome: { firstId?: number; error?: unknown },
): void {
  const durationMs = begunMs === 0 ? 0 : performance.now() - begunMs;
  diagnostics.push.publish({
    topic,
    producer: name,
    partition,
    events: count,
    bytes,
    durationMs,
    ...outcome,
  });
}
