import type { Serializer } from "../components/contract.ts";
import type { CorruptedLogError } from "../errors.ts";
import type { AcknowledgedEvent } from "../event/event_batch.ts";
import type { Future } from "../future.ts";
import type { DataDelivery } from "./data_delivery.ts";

/** What a source needs of its consumer. */
export interface SourceSettings {
  /** Topic name. */
  topic: string;
  /** Consumer name. */
  consumer: string;
  /** Turns stored metadata into values. */
  serializer: Serializer;
  /** Loads data where a selector was given. */
  delivery: DataDelivery | undefined;
  /** Events read of one partition before the next one's turn. */
  eventsMax: number;
  /** Called with events that are passed over because their data is damaged; undefined when damage is to be thrown. */
  onDataDamage: ((error: CorruptedLogError) => void) | undefined;
  /** Stores an acknowledgement. */
  acknowledge(event: AcknowledgedEvent): Future<true>;
}
