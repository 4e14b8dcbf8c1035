/**
 * Explores every state of the model of the append protocol (tests/model/append.pml) with the model checker
 * Spin, and again with each remedy taken out, which must break a promise.
 *
 * ```text
 * npm run model
 * ```
 *
 * @module
 */
import process from "node:process";
import { CASES, check, MISSING } from "./checker.ts";

if (MISSING !== false) {
  console.log(`skipped: ${MISSING}`);
  process.exit(0);
}
let failed = 0;
for (const one of CASES) {
  const { states, violated, seconds } = await check(one);
  const isRight = violated === (one.remedy !== undefined);
  if (!isRight) failed++;
  const found = violated ? "a promise is broken" : "every promise holds";
  console.log(
    `${isRight ? "ok" : "NOT OK"}: ${one.name}: ${found}; ${states} states, ${seconds.toFixed(1)} s`,
  );
}
console.log(`${CASES.length - failed} of ${CASES.length} as they must be`);
process.exit(failed === 0 ? 0 : 1);
