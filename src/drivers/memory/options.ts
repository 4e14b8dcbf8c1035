import type { JsonObject } from "../../json.ts";
import { type OptionRules, readOptions, rule } from "../../options.ts";

const DRIVER_RULES: OptionRules = { store: rule.text() };

// What topics in files take as well, so that a test can use the same document; nothing is ever lost here.
const CHANGEABLE_RULES: OptionRules = { flush_behavior: rule.oneOf(["buffered", "on_flush", "immediate"]) };

const TOPIC_RULES: OptionRules = { num_partitions: rule.wholeNumber(1, 1), ...CHANGEABLE_RULES };

/** Checks the driver's options. */
export function readDriverOptions(document: JsonObject): { store?: string } {
  return readOptions("memory driver", document, DRIVER_RULES) as { store?: string };
}

/** Checks a new topic's options and fills in the defaults. */
export function checkTopicOptions(document: JsonObject): JsonObject {
  return readOptions("topic", document, TOPIC_RULES);
}

/** Checks changes to a topic's options. */
export function checkChanges(document: JsonObject): JsonObject {
  return readOptions("topic", document, CHANGEABLE_RULES);
}
