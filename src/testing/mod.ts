/**
 * The contract of drivers as tests, for authors of drivers.
 *
 * @example
 * ```ts
 * import { Driver } from "@diaspora/stream";
 * import { everything, testDriver } from "@diaspora/stream/testing";
 *
 * // Register the rules with your test runner, e.g. with `Deno.test` or `test` of node:test; here they are just run.
 * const rules: (() => Promise<void>)[] = [];
 * testDriver((_name, check) => rules.push(check), {
 *   factory() {
 *     const store = crypto.randomUUID();
 *     return { open: () => Driver.open("memory", { store }) };
 *   },
 *   supports: everything,
 * });
 * for (const check of rules) await check();
 * ```
 *
 * @module
 */
import { acknowledgingRules } from "./acknowledging.ts";
import { consumingRules } from "./consuming.ts";
import { dataRules } from "./data.ts";
import { Fixture } from "./fixture.ts";
import { groupRules } from "./groups.ts";
import type { DriverManifest, RegisterTest } from "./manifest.ts";
import { missingRules } from "./missing.ts";
import { producingRules } from "./producing.ts";
import type { Rule } from "./rule.ts";
import { seekingRules } from "./seeking.ts";
import { sharingRules } from "./sharing.ts";
import { topicRules } from "./topics.ts";
import { trimmingRules } from "./trimming.ts";

export {
  type DriverManifest,
  type DriverPlace,
  everything,
  type RegisterTest,
  type Supported,
} from "./manifest.ts";

const rules: readonly Rule[] = [
  ...topicRules,
  ...producingRules,
  ...consumingRules,
  ...acknowledgingRules,
  ...seekingRules,
  ...dataRules,
  ...sharingRules,
  ...groupRules,
  ...trimmingRules,
  ...missingRules,
];

/**
 * Registers a test for every rule of the contract that applies to the driver's supported features. Returns the
 * names of the rules that do not apply.
 */
export function testDriver(test: RegisterTest, manifest: DriverManifest): string[] {
  const left: string[] = [];
  for (const { name, needs = [], lacks, check } of rules) {
    const { supports } = manifest;
    if (needs.every((need) => supports[need]) && !(lacks !== undefined && supports[lacks])) {
      test(name, () => Fixture.run(manifest, check));
    } else left.push(name);
  }
  return left;
}
