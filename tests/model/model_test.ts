import { assertEquals, assertGreater } from "@std/assert";
import { test } from "../harness.ts";
import { CASES, check, MISSING } from "./checker.ts";

for (const one of CASES.filter(({ isLong }) => !isLong)) {
  const verdict = one.remedy === undefined
    ? "keeps every promise in every state"
    : "breaks a promise, which is found";
  test(`the model of ${one.name}: ${verdict}`, { skip: MISSING }, async () => {
    const { violated, states } = await check(one, AbortSignal.timeout(300_000));
    assertEquals(violated, one.remedy !== undefined);
    assertGreater(states, 100);
  });
}
