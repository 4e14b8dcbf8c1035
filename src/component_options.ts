import type { PartitionSelector, Serializer, Validator } from "./components/contract.ts";
import type { ComponentDocument } from "./contract.ts";
import type { JsonValue } from "./json.ts";
import type { StandardSchema } from "./standard_schema.ts";

/** The components of a topic, each given as an instance or as a document. */
export interface ComponentOptions<T = JsonValue> {
  /** Says which events the topic takes; also a schema of zod, valibot, arktype …. Default: all. */
  validator?: Validator<T> | StandardSchema<T> | ComponentDocument;
  /** Says which partition an event goes to. Default: each in turn. */
  partitionSelector?: PartitionSelector | ComponentDocument;
  /** Writes and reads metadata. Default: as JSON text. */
  serializer?: Serializer | ComponentDocument;
}

/** What `Driver.draftTopic` takes beside the definition. */
export interface DraftOptions<T = JsonValue> {
  /** Components to store, and to fill the topic with, instead of those that the definition's documents describe. */
  components?: ComponentOptions<T>;
  /** Components to fill the topic with instead of those stored: events that were pushed before need no validator. */
  filling?: ComponentOptions<T>;
  /** Go on with what was left under this name, and keep what is neither published nor discarded. Default: false. */
  resume?: boolean;
}
