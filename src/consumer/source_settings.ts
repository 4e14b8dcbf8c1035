import type { Serializer } from "../components/contract.ts";
import type { CorruptedLogError } from "../errors.ts";
import type { AcknowledgedEvent } from "../event/event_batch.ts";
import type { Future } from "../future.ts";
import type { DataDelivery } from "./data_delivery.ts";

/** What a source needs from its consumer. */
export interface SourceSettings {
  /** Topic name. */
  topic: string;
  /** Consumer name. */
  consumer: string;
  /** Deserializes stored metadata. */
  serializer: Serializer;
  /** Loads data if a selector was given. */
  delivery: DataDelivery | undefined;
  /** Number of events read from one partition before moving to the next. */
  eventsMax: number;
  /** Called with events skipped because their data is damaged; undefined if damage is to be thrown. */
  onDataDamage: ((error: CorruptedLogError) => void) | undefined;
  /** Stores an acknowledgement. */
  acknowledge(event: AcknowledgedEvent): Future<true>;
}
