// What the compiler refuses, a program in JavaScript does without a word. `createTopic` ignored a misspelled
// "partition_selector", so the topic got the default one for good; `registerDriver` took a number, which failed as
// "factory is not a function" when the driver was opened; `process` without a callback failed at the first event,
// and others with a TypeError from somewhere within.
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import {
  Driver,
  InvalidMetadataError,
  InvalidOptionError,
  Metadata,
  registerDriver,
  registerPartitionSelector,
  registerSerializer,
  registerValidator,
  StandardSchemaValidator,
} from "../../mod.ts";
import { test } from "../harness.ts";

test("components under a misspelled key are refused, and no topic is created", async () => {
  await using driver = await Driver.open("memory", { store: "misspelled components" });
  const key = { type: "key", pointer: "/run" };
  const error = await assertRejects(
    () => driver.createTopic("t", {}, { partition_selector: key } as never),
    InvalidOptionError,
  );
  assertStringIncludes(error.message, 'did you mean "partitionSelector"?');
  assertEquals(await driver.topicExists("t"), false);
  await driver.createTopic("t", {}, { partitionSelector: key });
  await assertRejects(() => driver.openTopic("t", { serialiser: "cbor" } as never), InvalidOptionError);
  for (const components of [null, 5, "cbor", []]) {
    await assertRejects(
      () => driver.createTopic("u", {}, components as never),
      InvalidOptionError,
      "component",
    );
    await assertRejects(() => driver.openTopic("t", components as never), InvalidOptionError, "component");
  }
});

test("only functions are registered", () => {
  for (const register of [registerDriver, registerPartitionSelector, registerSerializer, registerValidator]) {
    for (const factory of [undefined, null, 5, "x", {}]) {
      assertThrows(() => register("wrong", factory as never), InvalidOptionError, "register");
    }
    for (const name of [undefined, 5, "", "a:b"]) {
      assertThrows(
        () => register(name as never, (() => {}) as never),
        InvalidOptionError,
        "a name without a colon",
      );
    }
  }
});

test("process() needs a callback before it takes an event", async () => {
  await using driver = await Driver.open("memory", { store: "process without a callback" });
  await driver.createTopic("t");
  await using topic = await driver.openTopic("t");
  await using producer = topic.producer();
  await producer.push(1);
  await using consumer = topic.consumer("c");
  for (const callback of [undefined, null, 5, {}]) {
    await assertRejects(() => consumer.process(callback as never), InvalidOptionError, "expected a function");
  }
  assertEquals((await consumer.pull()).id, 0);
});

test("a value other than text is named where text is expected, and one without a schema where a schema is", () => {
  for (const value of [undefined, null, 5, {}, []]) {
    for (const make of [Metadata.text, Metadata.document]) {
      assertThrows(() => make(value as never), InvalidMetadataError, "expected a string");
    }
    assertThrows(() => new StandardSchemaValidator(value as never), InvalidOptionError, "a Standard Schema");
  }
});

test("metadata that is nested too deeply says so", () => {
  let value: unknown = 1;
  for (let depth = 0; depth < 1_000_000; depth++) value = [value];
  assertThrows(() => Metadata.value(value), InvalidMetadataError, "it is nested too deeply");
});

test("a driver is opened by its name, not by `new`", () => {
  const Constructed = Driver as unknown as new (...given: unknown[]) => unknown;
  assertThrows(
    () => new Constructed("files", { root_path: "/nowhere" }),
    InvalidOptionError,
    "await Driver.open",
  );
  for (const driver of [undefined, null, "files", {}]) {
    assertThrows(() => Driver.from(driver as never), InvalidOptionError, "await Driver.open");
  }
});

test("options that are not data are refused by name, not by the runtime", async () => {
  await using driver = await Driver.open("memory", { store: "options that are not data" });
  for (const value of [() => {}, Symbol("x")]) {
    const options = { flush_behavior: value } as never;
    await assertRejects(() => Driver.open("memory", options), InvalidOptionError, "driver options");
    await assertRejects(() => driver.createTopic("t", options), InvalidOptionError, "topic options");
  }
  await driver.createTopic("t");
  await using topic = await driver.openTopic("t");
  await assertRejects(() => topic.edit({ x: () => {} } as never), InvalidOptionError, "topic options");
  await assertRejects(() => topic.edit(5 as never), InvalidOptionError, "expected an object");
});
