// CBOR keeps every double, -0 as well, but the text of such an event said 0: what was copied as text, by export and
// import, forward, or consume and produce, lost the sign. So did a push that an asynchronous validator had checked,
// because the copy that it gets is made by way of JSON text.
import { assert, assertEquals } from "@std/assert";
import { CborSerializer, Driver, type JsonValue } from "../../mod.ts";
import { jsonWithNegativeZero } from "../../src/metadata/negative_zero.ts";
import { test } from "../harness.ts";
import { ScriptedTopic } from "../producer/scripted_topic.ts";

const VALUES: [value: JsonValue, text: string][] = [
  [{ x: -0, list: [-0, 0, { y: -0 }], "-0": "0" }, '{"x":-0,"list":[-0,0,{"y":-0}],"-0":"0"}'],
  [-0, "-0"],
  [[], "[]"],
  [{ "a\n": [null, true, 0, "é\n", 1e-300], b: {} }, '{"a\\n":[null,true,0,"é\\n",1e-300],"b":{}}'],
];

for (const kind of ["cbor", "default"]) {
  test(`-0 stays -0 when an event's text is pushed again, ${kind}`, async () => {
    await using driver = await Driver.open("memory", {});
    await driver.createTopic("t", { num_partitions: 1 }, { serializer: { type: kind } });
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    // The default serializer stores what JSON.stringify writes, and text as it is.
    for (const [value, text] of VALUES) producer.push(kind === "cbor" ? value : text);
    await producer.flush();
    await using consumer = topic.consumer("c");
    for (const [value, text] of [...VALUES, ...VALUES]) {
      const event = await consumer.pull();
      assertEquals(event.metadata, value);
      assertEquals(event.metadataText, text);
      // The second half of what is read was pushed here.
      producer.push(event.metadataText);
    }
  });
}

test("-0 stays -0 for a validator that is asynchronous, and after it", async () => {
  const topic = new ScriptedTopic();
  const seen: JsonValue[] = [];
  const validator = {
    config: () => ({ type: "test" }),
    validate: (value: JsonValue) => Promise.resolve(void seen.push(value)),
  };
  const serializer = await CborSerializer.load();
  await using producer = topic.producer({}, { validator, serializer });
  for (const [value] of VALUES) await producer.push(value);
  assertEquals(seen, VALUES.map(([value]) => value));
  assertEquals(
    topic.batches.flat().map((bytes) => serializer.deserialize(bytes as Uint8Array)),
    VALUES.map(([value]) => value),
  );
});

test("a value that JSON describes in another way is written as JSON.stringify does", () => {
  const value = { at: new Date(0), left: undefined, zero: -0 } as unknown as JsonValue;
  assertEquals(jsonWithNegativeZero(value), JSON.stringify(value));
  assert(Object.is(JSON.parse(jsonWithNegativeZero([-0]))[0], -0));
});
