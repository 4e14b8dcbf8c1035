import type { PartitionSelector, Serializer, Validator } from "./contract.ts";
import type { ComponentDocument } from "../contract.ts";
import type { JsonValue } from "../json.ts";
import type { StandardSchema } from "./standard_schema.ts";

/** `T` where it is not inferred: the type argument or the validator decides. (`NoInfer` needs TypeScript 5.4.) */
export type NotInferred<T> = [T][T extends unknown ? 0 : never];

/** The components of a topic, each given as an instance or as a document. */
export interface ComponentOptions<T = JsonValue> {
  /**
   * Decides which events the topic accepts; a schema from zod, valibot, arktype, etc. also works. Default: all.
   */
  validator?: Validator<T> | StandardSchema<T> | ComponentDocument | undefined;
  /** Decides which partition an event goes to. Default: round-robin. */
  partitionSelector?: PartitionSelector<NotInferred<T>> | PartitionSelector | ComponentDocument | undefined;
  /** Serializes and deserializes metadata. Default: JSON text. */
  serializer?: Serializer<NotInferred<T>> | Serializer | ComponentDocument | undefined;
}

/** What `Driver.draftTopic` accepts besides the definition. */
export interface DraftOptions<T = JsonValue> {
  /** Components to store, and to fill the topic with, instead of those named by the definition's documents. */
  components?: ComponentOptions<T> | undefined;
  /**
   * Components to fill the topic with instead of the stored ones: events that were pushed before need no
   * validator.
   */
  filling?: ComponentOptions<T> | undefined;
  /**
   * Resume a draft that was left under this name, and keep it if neither published nor discarded. Default: false.
   */
  resume?: boolean | undefined;
}
