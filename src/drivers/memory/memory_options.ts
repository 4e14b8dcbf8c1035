import type { JsonObject } from "../../json.ts";
import {
  documented,
  maxPartitionsRule,
  type MemoryDriverOptions,
  type MemoryTopicOptions,
  numPartitionsRule,
  type RulesOf,
} from "../../options/driver_options.ts";
import { readOptions, refuseFixed, rule } from "../../options.ts";

/** The driver's options. */
export const DRIVER_RULES: RulesOf<Omit<MemoryDriverOptions, "load_modules">> = {
  store: documented(
    "Drivers with the same store share topics within the process; without it, each driver has its own",
    rule.text(),
  ),
  max_partitions: documented("Maximum number of partitions of a new topic", maxPartitionsRule),
};

export const CHANGEABLE_RULES: RulesOf<Omit<MemoryTopicOptions, "num_partitions">> = {
  flush_behavior: documented(
    "Accepted so that documents can be shared with `files`; has no effect",
    rule.oneOf(["buffered", "on_flush", "immediate"]),
  ),
};

/** Validates the driver's options. */
export function readDriverOptions(
  document: JsonObject,
): { store: string | undefined; partitionsMax: number } {
  const options = readOptions("memory driver", document, DRIVER_RULES);
  return { store: options.store as string | undefined, partitionsMax: options.max_partitions as number };
}

/** Validates a new topic's options and fills in the defaults. */
export function checkTopicOptions(document: JsonObject, partitionsMax: number): JsonObject {
  return readOptions("topic", document, {
    num_partitions: numPartitionsRule(partitionsMax),
    ...CHANGEABLE_RULES,
  });
}

/** Validates changes to a topic's options. */
export function checkChanges(document: JsonObject): JsonObject {
  refuseFixed(document, ["num_partitions"]);
  return readOptions("topic", document, CHANGEABLE_RULES);
}
