import type { JsonObject } from "../../json.ts";
import { type OptionRules, readOptions, rule } from "../../options.ts";
import { maxPartitionsRule, numPartitionsRule } from "../../partition_limit.ts";

const DRIVER_RULES: OptionRules = { store: rule.text(), max_partitions: maxPartitionsRule };

// What topics in files take as well, so that a test can use the same document; nothing is ever lost here.
const CHANGEABLE_RULES: OptionRules = { flush_behavior: rule.oneOf(["buffered", "on_flush", "immediate"]) };

/** Checks the driver's options. */
export function readDriverOptions(document: JsonObject): { store?: string; partitionsMax: number } {
  const options = readOptions("memory driver", document, DRIVER_RULES);
  return { store: options.store as string | undefined, partitionsMax: options.max_partitions as number };
}

/** Checks a new topic's options and fills in the defaults. */
export function checkTopicOptions(document: JsonObject, partitionsMax: number): JsonObject {
  return readOptions("topic", document, {
    num_partitions: numPartitionsRule(partitionsMax),
    ...CHANGEABLE_RULES,
  });
}

/** Checks changes to a topic's options. */
export function checkChanges(document: JsonObject): JsonObject {
  return readOptions("topic", document, CHANGEABLE_RULES);
}
