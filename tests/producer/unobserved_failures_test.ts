import { assertEquals, assertStrictEquals } from "@std/assert";
import { FlushError } from "../../mod.ts";
import { UnobservedFailures } from "../../src/producer/unobserved_failures.ts";
import { PushBatch } from "../../src/producer/push_batch.ts";
import { test } from "../harness.ts";

/** A failed batch, with that many of its futures observed. */
function failedBatch(
  failures: UnobservedFailures,
  count: number,
  observed = 0,
  error: unknown = new Error("no"),
): PushBatch {
  const batch = new PushBatch({ failures, submitSoon: () => {} }, { metadata: [] });
  batch.count = count;
  batch.observed = observed;
  batch.fail(error);
  return batch;
}

test("unobserved failures are counted, and the first one is kept", () => {
  const failures = new UnobservedFailures();
  assertStrictEquals(failures.take(), undefined);
  const first = new Error("first");
  failedBatch(failures, 3, 1, first);
  failedBatch(failures, 2, 0, new Error("second"));
  assertEquals(failures.count, 4);
  const taken = failures.take()!;
  assertEquals([taken.failures, taken.cause], [4, first]);
  assertEquals(failures.count, 0);
  assertStrictEquals(failures.take(), undefined);
});

test("a failed batch whose events are all awaited counts as no unobserved failure", () => {
  const failures = new UnobservedFailures();
  failedBatch(failures, 2, 2);
  assertEquals(failures.count, 0);
  const error = new Error("counted");
  failedBatch(failures, 1, 0, error);
  assertStrictEquals(failures.take()!.cause, error);
});

test("a failure observed later is no longer counted, until a flush has reported it", () => {
  const failures = new UnobservedFailures();
  const batch = failedBatch(failures, 3);
  batch.observe(0);
  assertEquals(failures.count, 2);
  assertEquals(failures.take()!.failures, 2);
  // What fails after the flush is a separate failure.
  failedBatch(failures, 1);
  batch.observe(0);
  batch.observe(0);
  assertEquals(failures.count, 1);
  assertEquals(failures.take()!.failures, 1);
});

test("a failure after a flush is no longer counted once observed", () => {
  const failures = new UnobservedFailures();
  failedBatch(failures, 1);
  failures.take();
  const batch = failedBatch(failures, 2);
  batch.observe(0);
  assertEquals(failures.take()!.failures, 1);
});

test("observing more failures than were counted does not affect others", () => {
  const failures = new UnobservedFailures();
  const batch = failedBatch(failures, 1);
  batch.observe(0);
  batch.observe(0);
  assertEquals(failures.count, 0);
  failedBatch(failures, 1);
  assertEquals(failures.count, 1);
});

test("failures taken by an unobserved flush are put back before later ones", () => {
  const failures = new UnobservedFailures();
  const first = new Error("first");
  failedBatch(failures, 2, 0, first);
  const taken = failures.take()!;
  failures.restore(taken);
  failedBatch(failures, 1);
  const again = failures.take()!;
  assertEquals([again.failures, again.cause], [3, first]);
  failures.restore(new FlushError(0, undefined));
  assertStrictEquals(failures.take(), undefined);
});
