import { assertEquals } from "@std/assert";
import { OwnedPartitions } from "../../src/consumer/owned_partitions.ts";
import type { ConsumerInterface } from "../../src/contract.ts";
import { test } from "../harness.ts";

/** A driver that counts how often it is asked what is assigned. */
class CountingDriver {
  asked = 0;
  current = [0, 1, 2];

  get assigned(): readonly number[] {
    this.asked++;
    return this.current;
  }

  owned(): OwnedPartitions {
    return new OwnedPartitions(this as unknown as ConsumerInterface);
  }
}

test("the driver is asked before the first event and then once for 32 events", () => {
  const driver = new CountingDriver();
  const owned = driver.owned();
  driver.asked = 0;
  for (let events = 0; events < 640; events++) assertEquals(owned.mayHaveChanged, false);
  assertEquals(driver.asked, 20);
});

test("a driver that checks ownership says for how many events that is enough", () => {
  const driver = new CountingDriver();
  const enough = [1, 1, 3, 1];
  const checks: number[] = [];
  const owned = new OwnedPartitions(
    Object.assign(driver, {
      checkOwnership: () => {
        const events = enough.shift() ?? 1;
        checks.push(events);
        return events;
      },
    }) as unknown as ConsumerInterface,
  );
  for (let events = 0; events < 6; events++) assertEquals(owned.mayHaveChanged, false);
  assertEquals(checks, [1, 1, 3, 1]);
});

test("a change that was seen is seen again before the next event, until it was applied", () => {
  const driver = new CountingDriver();
  const owned = driver.owned();
  driver.current = [1];
  assertEquals([owned.haveChanged, owned.mayHaveChanged], [true, true]);
  owned.update();
  assertEquals(owned.mayHaveChanged, false);
});

test("after a recheck the driver is asked before the next event", () => {
  const driver = new CountingDriver();
  const owned = driver.owned();
  assertEquals(owned.mayHaveChanged, false);
  driver.current = [0, 2];
  assertEquals(owned.mayHaveChanged, false);
  owned.recheck();
  assertEquals(owned.mayHaveChanged, true);
  assertEquals(owned.update(), [1]);
  assertEquals(owned.mayHaveChanged, false);
});

test("a revoked partition is lost before the next event, even if it was reassigned", () => {
  const owned = new CountingDriver().owned();
  assertEquals(owned.mayHaveChanged, false);
  owned.release(2);
  assertEquals(owned.mayHaveChanged, true);
  assertEquals(owned.update(), [2]);
  assertEquals(owned.mayHaveChanged, false);
});

test("a revoked partition is lost once", () => {
  const owned = new CountingDriver().owned();
  owned.release(1);
  assertEquals(owned.update(), [1]);
  owned.release(2);
  assertEquals(owned.update(), [2]);
});
