import type { PartitionSelector, Serializer, Validator } from "./components/contract.ts";
import type { ComponentDocument } from "./contract.ts";
import type { JsonValue } from "./json.ts";
import type { StandardSchema } from "./standard_schema.ts";

/** The components of a topic, each given as an instance or as a document. */
export interface ComponentOptions<T = JsonValue> {
  /** Decides which events the topic accepts; can also be a schema from zod, valibot, arktype …. Default: all. */
  validator?: Validator<T> | StandardSchema<T> | ComponentDocument;
  /** Decides which partition an event goes to. Default: each in turn. */
  partitionSelector?: PartitionSelector | ComponentDocument;
  /** Writes and reads metadata. Default: as JSON text. */
  serializer?: Serializer | ComponentDocument;
}

/** What `Driver.draftTopic` takes beside the definition. */
export interface DraftOptions<T = JsonValue> {
  /** Components to store, and to use for filling the topic, instead of those in the definition's documents. */
  components?: ComponentOptions<T>;
  /** Components to use for filling the topic instead of the stored ones: events pushed before need no validator. */
  filling?: ComponentOptions<T>;
  /** Continue with what was left under this name, and keep what is neither published nor discarded. Default: false. */
  resume?: boolean;
}
