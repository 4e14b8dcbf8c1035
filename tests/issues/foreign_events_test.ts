// The C++ files driver mistook a topic created here for one of its own, and stored its events in files next to
// ours. Neither program saw the other's events; verify reported nothing, and deleting the topic deleted both.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { constants, existsSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, ForeignFilesError, InvalidOptionError } from "../../mod.ts";
import { importCppFiles } from "../../src/cpp_files/mod.ts";
import { TopicFiles } from "../../src/ctl/verify/store.ts";
import { test } from "../harness.ts";

async function withTopic(body: (driver: Driver, root: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "diaspora-foreign-"));
  try {
    await using driver = await Driver.open("files", { root_path: root });
    await driver.createTopic("topic", { num_partitions: 2 });
    await using topic = await driver.openTopic("topic");
    await using producer = topic.producer("p");
    await producer.push({ ours: true });
    await topic.close();
    await body(driver, root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

function partitionPath(root: string): string {
  return `${root}/topic/partitions/00000000`;
}

/** Like a topic of an earlier version, to which the C++ driver wrote events, or which it only opened. */
function writeAsCpp(root: string, events: number): void {
  const path = partitionPath(root);
  rmSync(`${path}/data`, { recursive: true });
  const text = new TextEncoder().encode('{"theirs":true}');
  const record = new Uint8Array(8 + text.length);
  new DataView(record.buffer).setBigUint64(0, BigInt(text.length), true);
  record.set(text, 8);
  const index = new DataView(new ArrayBuffer(32 * events));
  for (let n = 0; n < events; n++) {
    index.setBigUint64(32 * n, BigInt(n * record.length), true);
    index.setBigUint64(32 * n + 8, BigInt(record.length), true);
  }
  writeFileSync(`${path}/index`, new Uint8Array(index.buffer));
  writeFileSync(`${path}/metadata`, new Uint8Array(Array(events).fill([...record]).flat()));
  writeFileSync(`${path}/data`, "");
}

test("a topic with events of the C++ driver is not opened, and the error names its files and the remedy", () =>
  withTopic(async (driver, root) => {
    writeAsCpp(root, 3);
    const error = await assertRejects(() => driver.openTopic("topic"), ForeignFilesError);
    assertEquals(error.code, "ERR_FOREIGN_FILES");
    assertEquals(error.foreign, {
      files: [`${partitionPath(root)}/index`, `${partitionPath(root)}/metadata`],
      events: 3,
    });
    for (
      const part of ["wrote 3 events", partitionPath(root), "import --from cpp-files", "move these files"]
    ) {
      assert(error.message.includes(part), error.message);
    }
  }));

test("the command in the error imports the C++ driver's events, and the topic is usable again", () =>
  withTopic(async (driver, root) => {
    writeAsCpp(root, 3);
    const { events } = await importCppFiles({ rootPath: root, topic: "topic", driver, into: "theirs" });
    assertEquals(events, 3);
    await using theirs = await driver.openTopic("theirs");
    await using consumer = theirs.consumer("c");
    assertEquals((await consumer.pull()).metadata, { theirs: true });
    for (const file of ["index", "metadata"]) rmSync(`${partitionPath(root)}/${file}`);
    await using topic = await driver.openTopic("topic");
    await using own = topic.consumer("c");
    assertEquals((await own.pull()).metadata, { ours: true });
  }));

test("imports that would mix events in a topic are refused", () =>
  withTopic(async (driver, root) => {
    await assertRejects(
      () => importCppFiles({ rootPath: root, topic: "topic", driver, into: "copy" }),
      InvalidOptionError,
      "was not written by the C++ files driver",
    );
    writeAsCpp(root, 1);
    await assertRejects(
      () => importCppFiles({ rootPath: root, topic: "topic", driver }),
      ForeignFilesError,
    );
  }));

test("a topic with events of the C++ driver is not deleted, except by force", () =>
  withTopic(async (driver, root) => {
    writeAsCpp(root, 2);
    const error = await assertRejects(() => driver.deleteTopic("topic"), ForeignFilesError, "wrote 2 events");
    assert(error.message.includes("delete it with force"), error.message);
    assert(existsSync(`${partitionPath(root)}/index`));
    await driver.deleteTopic("topic", { force: true });
    assertEquals(readdirSync(root), []);
  }));

test("the list of topics reports the C++ driver's events in a topic, and verify names each file", () =>
  withTopic(async (driver, root) => {
    assertEquals((await driver.listTopics()).get("topic")!.foreign, undefined);
    writeAsCpp(root, 2);
    const info = (await driver.listTopics()).get("topic")!;
    assertEquals([info.layout, info.foreign?.events], [undefined, 2]);
    const findings = [];
    for await (const finding of new TopicFiles(info).verify({})) findings.push(finding);
    assertEquals(findings.map(({ severity, kind, file }) => [severity, kind, file]), [
      ["foreign", "foreign file", `${partitionPath(root)}/index`],
      ["foreign", "foreign file", `${partitionPath(root)}/metadata`],
    ]);
  }));

test("a topic that the C++ driver has only opened can be used and deleted", () =>
  withTopic(async (driver, root) => {
    writeAsCpp(root, 0);
    assertEquals((await driver.listTopics()).get("topic")!.foreign, undefined);
    await (await driver.openTopic("topic")).close();
    await driver.deleteTopic("topic");
  }));

test("a topic made here cannot be opened as the C++ driver opens one", () =>
  withTopic((_, root) => {
    // In its order, and with its flags: the first one fails, so nothing is left behind.
    const errors: unknown[] = [];
    for (const file of ["data", "metadata", "index"]) {
      try {
        openSync(`${partitionPath(root)}/${file}`, constants.O_RDWR | constants.O_CREAT, 0o644);
      } catch (error) {
        errors.push((error as { code?: string }).code);
        break;
      }
    }
    assertEquals(errors, ["EISDIR"]);
    assertEquals(readdirSync(partitionPath(root)).sort(), ["00000000000000000000.log", "data"]);
    return Promise.resolve();
  }));
