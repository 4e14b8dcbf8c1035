// Changes its working directory between all calls, and finds the same topics again.
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { mkdirSync, rmdirSync } from "node:fs";
import process from "node:process";
import { Driver } from "../../mod.ts";
import { exportCppFiles, importCppFiles } from "../../src/cpp_files/mod.ts";

const home = process.argv[2];
const elsewhere = `${home}/elsewhere`;
process.chdir(home);
const opening = Driver.open("files", { root_path: "./store" });
process.chdir(elsewhere);
await using driver = await opening;
await driver.createTopic("topic", {});
process.chdir("/");
await using topic = await driver.openTopic("topic");
await using producer = topic.producer("p");
process.chdir(home);
equal(await producer.push({ n: 0 }), 0);
process.chdir(elsewhere);
equal(await producer.push({ n: 1 }), 1);
await using consumer = topic.consumer("c");
deepEqual((await consumer.pull()).metadata, { n: 0 });
process.chdir("/");
deepEqual((await consumer.pull()).metadata, { n: 1 });
await topic.seekConsumer("c", { id: 1 });
await topic.edit({ retention_bytes: 1_000_000 });
await driver.createTopic("second", {});
equal(await driver.topicExists("topic"), true);
const info = (await driver.listTopics()).get("topic");
ok(info!.path!.endsWith("/store/topic"), info!.path);

process.chdir(home);
const exporting = exportCppFiles({ topic, rootPath: "cpp" });
process.chdir(elsewhere);
equal((await exporting).events, 2);

process.chdir(home);
const importing = importCppFiles({ rootPath: "cpp", topic: "topic", driver, into: "copy" });
process.chdir(elsewhere);
equal((await importing).events, 2);

process.chdir(home);
const openingDefault = Driver.open("files");
process.chdir(elsewhere);
await using byDefault = await openingDefault;
await byDefault.createTopic("by-default", {});

// Bun's `resolve` takes a folder of its own for one that was removed: stores were made there.
mkdirSync(`${home}/removed`);
process.chdir(`${home}/removed`);
rmdirSync(`${home}/removed`);
await rejects(
  async () => await Driver.open("files", { root_path: "./store" }),
  /working directory of "\.\/store"/,
);
process.chdir(home);
console.log("done");
