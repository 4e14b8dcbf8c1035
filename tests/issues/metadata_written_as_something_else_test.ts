// A list with toJSON() passed for plain JSON, and JSON.stringify wrote what the method returned, unchecked: NaN became
// null, and the serializer "cbor" stored another value than "default". And an object whose toJSON() returns the object
// itself was called a cycle.
import { assertEquals, assertRejects } from "@std/assert";
import { Driver, InvalidMetadataError, type JsonValue } from "../../mod.ts";
import { test } from "../harness.ts";

class Listed extends Array<number> {
  toJSON(): unknown {
    return this[0];
  }
}

class Itself {
  readonly n = 1;
  toJSON(): this {
    return this;
  }
}

class Copied {
  readonly n = 1;
  readonly toJSON = (): object => ({ ...this });
}

class Parent {
  toJSON(): object {
    return { child: this };
  }
}

const parent: Record<string, unknown> = {};
parent.child = { toJSON: () => parent };

const REFUSED: [what: string, metadata: unknown, message: string][] = [
  ["a list", Listed.of(NaN), "as JSON: NaN"],
  ["a list in an object", { list: Listed.of(NaN) }, 'NaN at "/list"'],
  ["a list with a property", Object.assign([1], { toJSON: () => undefined }), "undefined"],
  ["its own method among the members", new Copied(), 'a function at "/toJSON"'],
  ["an object around it", parent, 'a cycle at "/child"'],
  ["an object with it", new Parent(), 'a cycle at "/child"'],
];

const STORED: [what: string, metadata: unknown, text: string][] = [
  ["a list", Listed.of(7), "7"],
  ["the object itself", new Itself(), '{"n":1}'],
  ["objects in a list, twice", [new Itself(), new Itself()], '[{"n":1},{"n":1}]'],
  ["a member that is not a method", { toJSON: 3 }, '{"toJSON":3}'],
];

for (const type of ["default", "cbor"]) {
  test(`what toJSON() returns is checked, and stored as JSON.stringify writes it, with ${type}`, async () => {
    await using driver = await Driver.open("memory", {});
    await driver.createTopic("t", { num_partitions: 1 }, { serializer: { type } });
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    for (const [what, metadata, message] of REFUSED) {
      const push = producer.push(metadata as JsonValue);
      await assertRejects(() => push.wait(), InvalidMetadataError, message, what);
    }
    for (const [, metadata] of STORED) await producer.push(metadata as JsonValue);
    const texts: string[] = [];
    for await (const event of topic.consumer("c").events({ until: "end" })) texts.push(event.metadataText);
    assertEquals(texts, STORED.map(([, , text]) => text));
  });
}
