// In C++, a consumer with an allocator and no selector gets all data, and a selector that returns an empty
// descriptor gets none. Here the former got none, and the latter was an error.
import { assertEquals } from "@std/assert";
import { DataDescriptor, Driver, FullDataSelector, type JsonValue } from "../../mod.ts";
import { test } from "../harness.ts";

async function withEvent(use: (driver: Driver) => Promise<void>): Promise<void> {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("t", { num_partitions: 1 });
  await using topic = await driver.openTopic("t");
  await using producer = topic.producer();
  await producer.push({ n: 1 }, new Uint8Array([1, 2, 3]));
  await use(driver);
}

test("an allocator without a selector gets all data", async () => {
  await withEvent(async (driver) => {
    await using topic = await driver.openTopic("t");
    const asked: number[] = [];
    const dataAllocator = (_metadata: JsonValue, { size }: DataDescriptor) => {
      asked.push(size);
      return new Uint8Array(size);
    };
    await using consumer = topic.consumer("c", { dataAllocator });
    const { data } = await consumer.pull();
    assertEquals([[...data!], asked], [[1, 2, 3], [3]]);
    assertEquals([consumer.dataSelector, consumer.dataAllocator], [FullDataSelector, dataAllocator]);
    await using plain = topic.consumer("d");
    assertEquals([plain.dataSelector, plain.dataAllocator], [undefined, undefined]);
  });
});

test("a descriptor of nothing from a selector means no data", async () => {
  await withEvent(async (driver) => {
    await using topic = await driver.openTopic("t");
    await using consumer = topic.consumer("c", {
      dataSelector: () => new DataDescriptor(0),
      dataAllocator: () => {
        throw new Error("asked for nothing");
      },
    });
    const event = await consumer.pull();
    assertEquals([event.data, event.dataDescriptor.size], [undefined, 3]);
  });
});
