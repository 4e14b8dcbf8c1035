// The serializer "cbor" wrote lists of 8,000 levels on Node, and of 20,000 on Bun. Reading takes more of the stack: from
// 3,700 levels on the event was stored, and its metadata could not be read any more.
import { assertEquals, assertRejects } from "@std/assert";
import { type DiasporaError, Driver, InvalidMetadataError } from "../../mod.ts";
import { test } from "../harness.ts";

const LEVELS_MAX = 500;

function list(levels: number): string {
  return "[".repeat(levels) + "]".repeat(levels);
}

function object(levels: number): string {
  return '{"a":'.repeat(levels) + "1" + "}".repeat(levels);
}

test("metadata that is nested too deeply to be read with cbor is refused; with default it is stored", async () => {
  await using driver = await Driver.open("memory", {});
  for (const type of ["default", "cbor"]) {
    await driver.createTopic(type, { num_partitions: 1 }, { serializer: { type } });
    await using topic = await driver.openTopic(type);
    await using producer = topic.producer();
    const stored = [list(LEVELS_MAX), object(LEVELS_MAX)];
    for (const document of [list(LEVELS_MAX + 1), object(LEVELS_MAX + 1), list(5000), object(20_000)]) {
      const push = producer.push(document);
      if (type === "default") {
        await push;
        stored.push(document);
      } else {
        const error = await assertRejects(
          () => push.wait(),
          InvalidMetadataError,
          "more than 500 levels deep",
        );
        assertEquals((error as DiasporaError).code, "ERR_INVALID_METADATA");
      }
    }
    for (const document of stored.slice(0, 2)) await producer.push(document);
    const texts: string[] = [];
    for await (const event of topic.consumer("c").events({ until: "end" })) texts.push(event.metadataText);
    assertEquals(texts.length, type === "default" ? 6 : 2);
    assertEquals(texts.slice(-2), stored.slice(0, 2));
  }
});
