import { documented, type DocumentedRule } from "./driver_options.ts";
import { type OptionRule, rule } from "./options.ts";

/** A partition's folder name has eight digits. */
export const PARTITIONS_MAX = 99_999_999;

/**
 * Maximum number of partitions of a new topic unless the driver's options say otherwise. Each is a folder or an
 * object in memory, and an untrusted document must not be able to fill a disk with them; ten thousand are created
 * in a second.
 */
export const PARTITIONS_DEFAULT_MAX = 10_000;

/** The driver option that limits the number of partitions of a new topic. */
export const maxPartitionsRule: OptionRule = {
  expected: `a whole number from 1 to ${PARTITIONS_MAX}`,
  accepts: (value) => rule.wholeNumber(1).accepts(value) && (value as number) <= PARTITIONS_MAX,
  default: PARTITIONS_DEFAULT_MAX,
};

/** The topic option `num_partitions`, up to the limit of the driver. */
export function numPartitionsRule(partitionsMax: number): DocumentedRule {
  const more = partitionsMax < PARTITIONS_MAX ? ' (the driver option "max_partitions" allows more)' : "";
  return documented("Number of partitions; cannot be changed later", {
    expected: `a whole number from 1 to ${partitionsMax}${more}`,
    accepts: (value) => rule.wholeNumber(1).accepts(value) && (value as number) <= partitionsMax,
    default: 1,
  });
}
