// A consumer that begins with the latest event had acknowledged one, and the power was cut within the seconds in which the
// system had not written its first position. Not even the name of that file was left: the consumer had stored nothing, and
// began with the latest event again, after those that it had not acknowledged. Where the consumer's name was lost too,
// retention removed what it had not acknowledged. Power cuts of real disks found it: on btrfs, one cut in ten.
import { assertEquals } from "@std/assert";
import { Driver, type StartPosition, type Topic } from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { test } from "../harness.ts";
import { SimulatedDisk } from "../simulation/disk/disk.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";

/** A disk on which a sync of one name covers no other. */
function strictDisk(): SimulatedDisk {
  const disk = new SimulatedDisk(1);
  disk.names.journal = "none";
  return disk;
}

/** A power cut that takes all that was not synced. */
function cutPower(disk: SimulatedDisk): void {
  disk.random.pick = (lossRates) => lossRates.at(-1)!;
  disk.random.chance = (lossRate) => lossRate === 1;
  disk.random.below = () => 0;
  disk.powerCut();
}

function openDriver(disk: SimulatedDisk): Driver {
  return Driver.from(new FilesDriver({ root_path: "/store" }, new SimulatedProcess(disk)));
}

async function pushAll(topic: Topic, numbers: readonly number[]): Promise<void> {
  await using producer = topic.producer("app");
  for (const n of numbers) await producer.push({ n });
}

/** Acknowledges the first event that a new consumer gets, of three that are stored after it was opened. */
async function acknowledgeFirst(
  topic: Topic,
  options: { from: StartPosition; group: boolean },
): Promise<void> {
  await using consumer = topic.consumer("c", options);
  await consumer.ready();
  await pushAll(topic, [1, 2, 3]);
  await (await consumer.pull()).acknowledge();
}

for (const group of [false, true]) {
  test(`a power cut after the first acknowledgement does not make a ${group ? "group" : "consumer"} pass over events`, async () => {
    const disk = strictDisk();
    const options = { from: "latest", group } as const;
    const driver = openDriver(disk);
    await driver.createTopic("t", { flush_behavior: "immediate" });
    const topic = await driver.openTopic("t");
    await pushAll(topic, [0]);
    await acknowledgeFirst(topic, options);
    cutPower(disk);
    await using again = openDriver(disk);
    await using reopened = await again.openTopic("t");
    await using consumer = reopened.consumer("c", options);
    const numbers: unknown[] = [];
    for await (const { metadata } of consumer.events({ until: "end" })) numbers.push(metadata);
    assertEquals(numbers.slice(-2), [{ n: 2 }, { n: 3 }]);
  });
}

test("a power cut does not make retention forget a consumer that has acknowledged something", async () => {
  const disk = strictDisk();
  const driver = openDriver(disk);
  await driver.createTopic("t", { flush_behavior: "immediate" });
  const topic = await driver.openTopic("t");
  await acknowledgeFirst(topic, { from: "earliest", group: false });
  cutPower(disk);
  await using again = openDriver(disk);
  await using reopened = await again.openTopic("t");
  assertEquals(await reopened.consumers(), ["c"]);
});
