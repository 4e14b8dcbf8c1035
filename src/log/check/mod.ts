/**
 * What verifies and repairs a log: `verify` says what is wrong and changes nothing, `plan` says what repair would do
 * about it, `repair` does one step of the plan.
 *
 * @module
 */
export { copyFile } from "./copy_file.ts";
export type { Finding } from "./finding.ts";
export type { PaceOptions } from "./pace.ts";
export { planRepair, type RepairStep } from "./plan.ts";
export { clearPosition, repairPartition } from "./repair.ts";
export { verifyPartition } from "./verify.ts";
export { verifyPosition } from "./verify_position.ts";
