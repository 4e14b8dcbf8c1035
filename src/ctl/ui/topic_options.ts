import { CHANGEABLE_RULES } from "../../drivers/files/files_options.ts";
import { numPartitionsRule, PARTITIONS_DEFAULT_MAX } from "../../options/driver_options.ts";
import type { OptionView } from "../../ui/contract.ts";
import { DRIVER_OPTIONS } from "../help/driver_options.ts";

/** The effective value if an option is not set and has no default. */
const UNSET: Readonly<Record<string, string>> = {
  flush_behavior: "buffered",
  retention_bytes: "no limit",
  retention_seconds: "no limit",
  retention_acknowledged: "false",
};

/** The topic options of a driver; empty if the driver is not built in. */
export function topicOptionsOf(driver: string): OptionView[] {
  if (driver === "files") {
    const rules = { num_partitions: numPartitionsRule(PARTITIONS_DEFAULT_MAX), ...CHANGEABLE_RULES };
    return Object.entries(rules).map(([key, { meaning, default: value }]) => ({
      key,
      meaning,
      ifUnset: value === undefined ? UNSET[key] ?? "" : String(value),
      canChange: key in CHANGEABLE_RULES,
    }));
  }
  const known = DRIVER_OPTIONS[driver === "octopus" ? "kafka" : driver]?.topic ?? [];
  return known.map(([key, meaning]) => ({
    key,
    meaning,
    ifUnset: "as the engine has it",
    canChange: /^(?:retention_|segment_)/.test(key),
  }));
}
