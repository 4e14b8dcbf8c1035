// A store may come from anyone, and others may be able to write to it. What stood in its files became parts of paths: a
// partition in the file of an unfinished seek made files outside of the store, and the token of a lock, of an import's
// claim or of a dead group member removed files there. And a pipe under the name of a file made the process that opened it wait
// for ever, a device filled the memory.
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { Driver, LimitExceededError, StorageError } from "../../mod.ts";
import { claimTopic } from "../../src/drivers/files/claim.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { machine } from "../../src/drivers/files/machine.ts";
import { SEGMENT_HEADER_BYTES } from "../../src/log/format/bytes.ts";
import { crc32 } from "../../src/log/format/core/core.ts";
import { decodeSegmentHeader, encodeSegmentHeader } from "../../src/log/format/segment_header.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { type Canary, withCanary } from "../faults/canary.ts";
import { test } from "../harness.ts";
import { ScriptedEnvironment } from "../groups/scripted_environment.ts";

const PID_OF_NONE = 2 ** 22 + 1;

/** A driver on a store with a topic, whose waiting for a lock takes no time. */
async function withTopic(
  body: (driver: Driver, topic: string, canary: Canary) => Promise<void>,
): Promise<void> {
  await withCanary(async (canary) => {
    const storage = { ...nodeStorage, pause: () => {} };
    await using driver = Driver.from(new FilesDriver({ root_path: canary.root }, storage));
    await driver.createTopic("topic", {});
    await body(driver, `${canary.root}/topic`, canary);
  });
}

async function assertRefused(call: () => PromiseLike<unknown>, file: string): Promise<void> {
  const error = await assertRejects(async () => await call(), StorageError);
  assertEquals(error.errno, "EILSEQ");
  assert(
    error.message.includes(`Cannot read "${file}": no version of this library has written`),
    error.message,
  );
}

test("the partitions of an unfinished seek are numbers, not paths", () =>
  withTopic(async (driver, folder) => {
    await using topic = await driver.openTopic("topic");
    await topic.seekConsumer("reader", { id: 0 });
    const file = `${folder}/consumers/reader/seek.json`;
    const seek = { partition: 0, nextId: 1, time: 0, generation: 7 };
    const wrong = [
      { ...seek, partition: "/../../../../outside/new" },
      { ...seek, partition: 10 ** 8 },
      { ...seek, nextId: -1 },
      { ...seek, time: 1.5 },
      { ...seek, generation: 2 ** 32 },
      { ...seek, mark: 5 },
      { ...seek, mark: { salt: "0", nonce: 0, sequence: 0 } },
      null,
    ];
    for (const seeks of [...wrong.map((each) => [each]), { length: 1 }, undefined]) {
      writeFileSync(file, JSON.stringify({ seeks }));
      await assertRefused(() => topic.lag("reader"), file);
    }
    writeFileSync(file, JSON.stringify({ seeks: [{ ...seek, nextId: 0 }] }));
    assertEquals((await topic.lag("reader"))[0].position, 0);
  }));

test("members of a group are not paths, and a roster that makes no sense is refused", () =>
  withTopic(async (driver, folder) => {
    await using topic = await driver.openTopic("topic");
    const open = async () => {
      await using member = topic.consumer("workers", { group: true });
      await member.ready();
    };
    await open();
    const group = `${folder}/consumers/workers/group`;
    const last = `${group}/${readdirSync(group).filter((name) => name.endsWith(".json")).sort().at(-1)}`;
    const store = (document: unknown) => {
      const text = new TextEncoder().encode(JSON.stringify(document) ?? "{");
      writeFileSync(last, `${crc32(text).toString(16).padStart(8, "0")}\n${new TextDecoder().decode(text)}`);
    };
    const { shares } = JSON.parse(readFileSync(last, "utf8").split("\n")[1]);
    const member = { id: "dead", host: "", pid: PID_OF_NONE, timeoutMs: 1, renewals: 0 };
    const wrong: unknown[] = [null, {}, undefined, { version: 1, members: [member] }];
    for (const id of ["../../../../../../outside/file", "", 5]) {
      wrong.push({ version: 1, members: [{ ...member, id }], shares });
    }
    for (const other of [[], [...shares, ...shares], [5], [{ owner: "dead" }]]) {
      wrong.push({ version: 1, members: [member], shares: other });
    }
    for (const document of wrong) {
      store(document);
      await assertRefused(open, last).catch((error) => {
        throw new Error(JSON.stringify(document), { cause: error });
      });
    }
    // What the message says to do.
    await topic.deleteConsumer("workers");
    await open();
  }));

test("the token in the lock of an edit is not a path", () =>
  withTopic(async (driver, folder, canary) => {
    writeFileSync(`${canary.outside}/file.0`, "not to be touched");
    writeFileSync(`${canary.outside}/file.new0`, "not to be touched");
    canary.settle();
    mkdirSync(`${folder}/topic.json.lock.x`);
    writeFileSync(`${folder}/topic.json.lock`, "x/../../../outside/file since 0\n");
    await using topic = await driver.openTopic("topic");
    await topic.edit({ retention_bytes: 1 });
    assertEquals(readdirSync(folder).includes("topic.json.lock"), false);
  }));

test("the token in the claim of an import is not a path", () =>
  withTopic(async (driver, _, { root }) => {
    mkdirSync(`${root}/.filling-new.x`);
    for (const token of ["x/../../outside/file", "", 5, null]) {
      const holder = { token, machine: machine.self.host, pid: PID_OF_NONE, beats: 1 };
      writeFileSync(`${root}/.filling-new`, JSON.stringify(holder));
      await using _claim = await driver.claimTopic("new");
    }
    assertEquals(readdirSync(root).sort(), [".filling-new.x", "topic"]);
  }));

// It was taken for the claim of a process that shows signs of life, so that no import could begin for good.
test("the claim of an import that counts nothing is one of a process that is gone, after five seconds", () =>
  withTopic(async (_, __, { root }) => {
    for (const claim of ["{}", JSON.stringify({ token: "t", host: "far away", pid: 7 })]) {
      writeFileSync(`${root}/.filling-new`, claim);
      // Its waits end at once.
      await using _claim = await claimTopic(nodeStorage, root, "new", new ScriptedEnvironment());
    }
    assertEquals(readdirSync(root), ["topic"]);
  }));

test("a document that is nested too deeply is refused when it is stored, and when it is read", () =>
  withTopic(async (driver, folder) => {
    const nested = (levels: number) => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);
    const schema = (levels: number) => ({
      validator: { type: "schema", schema: { examples: nested(levels) } },
    });
    for (const levels of [499, 600]) {
      await assertRejects(
        () => driver.createTopic("deep", {}, schema(levels)),
        LimitExceededError,
        "levels deep",
      );
    }
    await driver.createTopic("deep", {}, schema(498));
    await (await driver.openTopic("deep")).close();
    const file = `${folder}/validator.json`;
    writeFileSync(file, `{"type":"schema","schema":{"x":${"[".repeat(100_000)}${"]".repeat(100_000)}}}`);
    const why = `Cannot read "${file}": it is nested more than 500 levels deep`;
    await assertRejects(() => driver.openTopic("topic"), StorageError, why);
    assertEquals((await driver.listTopics()).get("topic")?.fault?.startsWith(why), true);
    await driver.deleteTopic("topic");
  }));

// The next segment would have begun with an id that no listing shows, and was made again and again.
test("a segment that is named by the last id there is takes no event", () =>
  withTopic(async (driver, folder) => {
    await driver.createTopic("full", { segment_bytes: 4096 });
    await using topic = await driver.openTopic("full");
    await using producer = topic.producer("p");
    for (let n = 0; n < 6; n++) await producer.push({}, new Uint8Array(1000));
    const directory = `${folder}/../full/partitions/00000000`;
    const [sealed] = readdirSync(directory).filter((name) => name.endsWith(".log")).sort();
    const baseId = Number.MAX_SAFE_INTEGER;
    const bytes = readFileSync(`${directory}/${sealed}`);
    const header = decodeSegmentHeader(bytes.subarray(0, SEGMENT_HEADER_BYTES))!;
    bytes.set(encodeSegmentHeader({ ...header, baseId }));
    writeFileSync(`${directory}/${String(baseId).padStart(20, "0")}.log`, bytes);
    await using again = await driver.openTopic("full");
    await using other = again.producer("p");
    await assertRejects(
      async () => await other.push({}),
      LimitExceededError,
      "leave no id for another event",
    );
  }));

const NO_PIPES = process.platform === "win32" ? "there are no pipes in folders here" : false;

test(
  "pipes, devices and folders are not opened in place of files",
  { skip: NO_PIPES },
  () =>
    withCanary(({ root }) => {
      const pipe = `${root}/pipe`;
      execFileSync("mkfifo", [pipe]);
      // As long as it is open, opening it once more does not wait.
      const opened = openSync(pipe, constants.O_RDWR);
      try {
        for (const [path, errno] of [[pipe, "EINVAL"], ["/dev/null", "EINVAL"], [root, "EISDIR"]] as const) {
          for (const mode of ["read", "append", "update"] as const) {
            const error = assertThrows(() => nodeStorage.open(path, mode).close());
            assertInstanceOf(error, StorageError);
            assertEquals([error.errno, error.message.includes(`Cannot open "${path}": `)], [errno, true]);
          }
        }
      } finally {
        closeSync(opened);
      }
      assertThrows(() => nodeStorage.readWhole("/dev/null"), StorageError, "not a file");
      assertThrows(
        () => nodeStorage.readWhole(pipe),
        StorageError,
        "it is a pipe, socket or device, not a file",
      );
      return Promise.resolve();
    }),
);
