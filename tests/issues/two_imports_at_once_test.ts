// Two simultaneous imports into one topic doubled its events or corrupted it, and both could report "read back:
// the same"; so could an import while a producer stored events. The second import is now refused, and events
// from another producer are detected by the ids.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { ContentMismatchError, Driver, type Topic, TransferInProgressError } from "../../mod.ts";
import { importCppFiles } from "../../src/cpp_files/mod.ts";
import { ctl, ctlProcess, withFolder } from "../cli/program.ts";
import { SAMPLE_ROOT, withPlace } from "../cpp_files/sample.ts";
import { record, writeTopic } from "../cpp_files/store.ts";
import { test } from "../harness.ts";

async function countOf(topic: Topic): Promise<number> {
  return (await topic.describe()).reduce((sum, { nextId }) => sum + nextId, 0);
}

/** Two drivers on one store. */
const ENGINES: Record<string, (folder: string) => Promise<Driver>> = {
  files: (folder) => Driver.open("files", { root_path: join(folder, "store") }),
  memory: (folder) => Driver.open("memory", { store: folder }),
};

for (const [engine, open] of Object.entries(ENGINES)) {
  test(`of two imports into one topic at once the second is refused in the ${engine} driver`, async () => {
    await withPlace(async ({ folder }) => {
      await using one = await open(folder);
      await using other = await open(folder);
      const request = { rootPath: SAMPLE_ROOT, topic: "sample" };
      // Into a new topic, then into an existing one.
      for (let round = 0; round < 2; round++) {
        const results = await Promise.allSettled([
          importCppFiles({ ...request, driver: one }),
          importCppFiles({ ...request, driver: other }),
        ]);
        const failed = results.flatMap((result) => result.status === "rejected" ? [result.reason] : []);
        assertEquals(failed.length, 1, failed.join("\n"));
        assert(failed[0] instanceof TransferInProgressError, String(failed[0]));
        assertStringIncludes(failed[0].message, `topic "sample": process ${process.pid} on "${hostname()}"`);
        await using topic = await one.openTopic("sample");
        assertEquals(await countOf(topic), 1000);
      }
      await importCppFiles({ ...request, driver: other });
      await Promise.all(["a", "b"].map((into) => importCppFiles({ ...request, into, driver: one })));
    });
  });

  test(`an import beside which a producer stores events is refused in the ${engine} driver`, async () => {
    await withPlace(async ({ folder, cppRoot }) => {
      await using driver = await open(folder);
      const events = (count: number) =>
        Array.from({ length: count }, (_, n) => ({ metadata: record(`${n}`) }));
      writeTopic(cppRoot, "t", { partitions: [events(1), events(1)] });
      const request = { rootPath: cppRoot, topic: "t", driver };
      for (const [into, partition] of [["in-front", 0], ["at-the-end", 1]] as const) {
        writeTopic(cppRoot, "t", { partitions: [events(1), events(1)] });
        await importCppFiles({ ...request, into });
        writeTopic(cppRoot, "t", { partitions: [events(9000), events(2)] });
        await using topic = await driver.openTopic(into);
        await using producer = topic.producer("other");
        let pushed: PromiseLike<number> | undefined;
        // Called with the first event, which already exists; then for those that were stored in partition 0.
        const onProgress = ({ events }: { events: number }): void => {
          if (events > (partition === 0 ? 1 : 8999)) pushed ??= producer.push("5", undefined, { partition });
        };
        const error = await assertRejects(
          () => importCppFiles({ ...request, into, onProgress }),
          ContentMismatchError,
          `partition ${partition} of topic "${into}": another producer stored events in it during the import`,
        );
        assertEquals(error.code, "ERR_CONTENT_MISMATCH");
        await pushed;
      }
    });
  });
}

test("leftovers of a killed import block no other import", async () => {
  await withPlace(async ({ folder, driver }) => {
    const root = join(folder, "ours");
    mkdirSync(root, { recursive: true });
    const request = { rootPath: SAMPLE_ROOT, topic: "schema", driver };
    const left = [
      { token: "t", host: hostname(), pid: 2 ** 22 + 1, beats: 3 },
      { token: "t", host: "elsewhere", pid: process.pid, beats: 3 },
    ];
    for (const holder of left) {
      writeFileSync(join(root, ".filling-schema"), JSON.stringify(holder));
      await importCppFiles(request);
      assertEquals(readdirSync(root).filter((name) => name.startsWith(".filling-")), []);
    }
  });
});

test("an import is refused while another live process imports into the topic", async () => {
  await withPlace(async ({ folder, driver }) => {
    const root = join(folder, "ours");
    mkdirSync(root, { recursive: true });
    const holder = { token: "t", host: "elsewhere", pid: 7, beats: 3 };
    const path = join(root, ".filling-schema");
    writeFileSync(path, JSON.stringify(holder));
    const refused = assertRejects(
      () => importCppFiles({ rootPath: SAMPLE_ROOT, topic: "schema", driver }),
      TransferInProgressError,
      'process 7 on "elsewhere" is importing or exporting it; try again when it is done',
    );
    writeFileSync(path, JSON.stringify({ ...holder, beats: 4 }));
    await refused;
    assertEquals(await driver.topicExists("schema"), false);
  });
});

test("two commands that import into one topic at once leave every event once", async () => {
  await withFolder(async ({ driver }) => {
    const from = ["--from", "cpp-files", "--from.root_path", SAMPLE_ROOT];
    const words = ["import", ...from, "--name", "sample", ...driver];
    const results = await Promise.all([ctlProcess(words), ctlProcess(words)]);
    assert(results.some(({ code }) => code === 0), results[0].stderr + results[1].stderr);
    for (const { code, stderr } of results) {
      if (code !== 0) assertStringIncludes(stderr, 'Cannot write topic "sample": process ');
    }
    const { stdout } = await ctl(["consume", "sample", "--json", ...driver]);
    assertEquals(stdout.trimEnd().split("\n").length, 1000);
  });
});
