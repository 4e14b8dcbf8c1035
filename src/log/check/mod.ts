/**
 * What verifies and repairs a log: `verify` says what is wrong and changes nothing, `plan` says what repair would do
 * about it, `repair` does one step of the plan.
 *
 * @module
 */
export { aboutFile, type Finding, unreadable } from "./finding.ts";
export type { PaceOptions } from "./pace.ts";
export { planRepair, type RepairStep } from "./plan.ts";
export { clearPosition, repairPartition } from "./repair.ts";
export { copyFile } from "./repair_segment.ts";
export { verifyPartition, verifyPosition } from "./verify.ts";
