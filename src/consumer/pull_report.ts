import { diagnostics } from "../diagnostics.ts";
import type { CorruptedLogError } from "../errors.ts";
import type { EventBatch } from "../event/event_batch.ts";

/** The consumer that read. */
interface Reader {
  readonly topic: string;
  readonly consumer: string;
}

/** Publishes that a batch was read. */
export function publishPulled({ topic, consumer }: Reader, { partition, count, baseId }: EventBatch): void {
  diagnostics.pull.publish({ topic, consumer, partition, events: count, firstId: baseId });
}

/** Publishes damage that was found, and whether it was skipped. */
export function publishDamage(
  { topic, consumer }: Reader,
  { damage }: CorruptedLogError,
  skipped: boolean,
): void {
  diagnostics.corruption.publish({ topic, consumer, damage, skipped });
}
