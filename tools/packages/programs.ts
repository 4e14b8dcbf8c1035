/**
 * A program with the files driver that uses what the package loads on demand: a validator, a serializer, an
 * error; and what it takes from the runtime: checksums.
 */
const BODY = `
async function main() {
  const root = mkdtempSync(join(tmpdir(), "diaspora-packages-"));
  try {
    const driver = await Driver.open("files", { root_path: root });
    const components = { validator: { type: "schema", schema: { type: "object" } }, serializer: { type: "cbor" } };
    await driver.createTopic("my_topic", { num_partitions: 1 }, components);
    await driver.createTopic("my_topic").catch((error) => {
      if (error.name !== "TopicExistsError" || !(error instanceof TopicExistsError)) throw error;
    });
    const topic = await driver.openTopic("my_topic");
    await topic.producer().push({ energy: 42 });
    const event = await topic.consumer("reader").pull();
    if (event.metadata.energy !== 42) throw new Error("another event came");
    // Large enough for the runtime's own CRC-32, and enough of them for every bit of a checksum.
    const images = Array.from({ length: 30 }, (_, index) => new Uint8Array(70_000).fill(index));
    const camera = topic.producer("camera");
    await Promise.all(images.map((image) => camera.push({ energy: 0 }, image)));
    const viewer = topic.consumer("viewer", { dataSelector: FullDataSelector });
    await viewer.pull();
    for (const image of images) {
      const { data } = await viewer.pull();
      if (data.length !== 70_000 || data.some((byte) => byte !== image[0])) throw new Error("another image came");
    }
    await driver.close();
    const kafka = { kafka: { "bootstrap.servers": "127.0.0.1:1" } };
    const { code } = await Driver.open("kafka", kafka).catch((error) => error);
    if (code !== "ERR_MODULE_LOAD") throw new Error("no line to add for Kafka");
    return "good";
  } finally {
    rmSync(root, { recursive: true });
  }
}
`;

/** The program as an ES module. */
export const IMPORTING = `
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, FullDataSelector, TopicExistsError } from "@diaspora/stream";
import * as testing from "@diaspora/stream/testing";
import * as cppFiles from "@diaspora/stream/cpp-files";
import "@diaspora/stream/kafka";
${BODY.replace('"ERR_MODULE_LOAD"', '"ERR_MODULE_LOAD" || !testing.testDriver || !cppFiles')}
console.log(await main());
`;

/** The program as a CommonJS script. */
export const REQUIRING = `
const { mkdtempSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { Driver, FullDataSelector, TopicExistsError } = require("@diaspora/stream");
require("@diaspora/stream/testing");
require("@diaspora/stream/cpp-files");
require("@diaspora/stream/kafka");
if (require("@diaspora/stream/package.json").name !== "@diaspora/stream") throw new Error("no manifest");
${BODY}
main().then((word) => console.log(word));
`;

/** The program as a vitest test. */
export const TESTING = `
import { expect, test } from "vitest";
${
  IMPORTING.replace(
    "console.log(await main());",
    'test("it works", async () => expect(await main()).toBe("good"));',
  )
}
`;

/** A program that uses types from every entry point, for every kind of module. */
export const TYPED = `
import { BatchSize, Driver, InvalidMetadataError, type Topic } from "@diaspora/stream";
import * as testing from "@diaspora/stream/testing";
import * as cppFiles from "@diaspora/stream/cpp-files";
import * as kafka from "@diaspora/stream/kafka";

export async function main(): Promise<number | undefined> {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("my_topic", { num_partitions: 1 });
  const topic: Topic<{ energy: number }> = await driver.openTopic<{ energy: number }>("my_topic");
  const producer = topic.producer("app", { batchSize: BatchSize.Adaptive });
  const id: number | undefined = await producer.push({ energy: 42 }).wait(-1);
  const event = await topic.consumer("reader").pull().wait(1000);
  return event === undefined ? id : event.metadata.energy;
}
export const all: readonly unknown[] = [testing, cppFiles, kafka, InvalidMetadataError];
`;
