// A topic was deleted, and another one of its name created, while "repair" or "verify" was at work. Repair put its copy of
// a segment in the place of the new topic's, whose events were lost, or left a folder of the deleted topic's name, which
// could be neither used nor deleted; verify called the deleted topic damaged. Of two repairs at the same time, one could
// put the other's unfinished copy in a segment's place.
import { assertEquals, assertGreater, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { Driver, TopicDeletedError } from "../../mod.ts";
import { StandardError } from "../../src/ctl/console/standard_error.ts";
import { main } from "../../src/ctl/main.ts";
import { carryOut } from "../../src/ctl/verify/carry_out.ts";
import { TopicFiles } from "../../src/ctl/verify/store.ts";
import { type Finding, planRepair } from "../../src/log/check/mod.ts";
import { InterruptedStorage } from "../faults/interrupted_storage.ts";
import { test } from "../harness.ts";
import { memoryFolder } from "../memory_folder.ts";

/** Every so many are looked at. */
const STRIDE = 5;

/** A store with a damaged topic, and another one for its place. */
async function makeStore(root: string): Promise<void> {
  await using driver = await Driver.open("files", { root_path: root });
  for (const name of ["damaged", "other"]) {
    await driver.createTopic(name, { num_partitions: 1, segment_bytes: 4096 });
    await using topic = await driver.openTopic(name);
    await using producer = topic.producer();
    for (let n = 0; n < 6; n++) await producer.push({ name, n }, new Uint8Array(1500));
    await topic.seekConsumer("reader", { id: 1 });
  }
  const folder = `${root}/damaged/partitions/00000000`;
  const [, second] = readdirSync(folder).filter((name) => name.endsWith(".log")).sort();
  const bytes = readFileSync(`${folder}/${second}`);
  bytes[700] ^= 1;
  writeFileSync(`${folder}/${second}`, bytes);
}

/** Verifies and repairs the topic; before the step `at`, another process does something. */
async function repair(root: string, at: number, act: () => void): Promise<{ error: unknown; steps: number }> {
  const interrupted = new InterruptedStorage("kill", 0);
  await using driver = await Driver.open("files", { root_path: root });
  const info = (await driver.listTopics()).get("damaged")!;
  const files = new TopicFiles(info, interrupted.storage);
  let steps = 0;
  interrupted.onStep = () => ++steps === at && act();
  try {
    const findings = await findingsOf(files);
    assertEquals(findings.map(({ kind }) => kind), ["data"]);
    await carryOut(files, planRepair(findings).steps);
    return { error: undefined, steps };
  } catch (error) {
    return { error, steps };
  } finally {
    interrupted.close();
  }
}

async function findingsOf(files: TopicFiles): Promise<Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of files.verify({})) findings.push(finding);
  return findings;
}

/** Repairs a copy of a store for each moment at which another process may do something. */
async function atEachMoment(
  act: (root: string) => void,
  check: (driver: Driver, error: unknown) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(memoryFolder, "diaspora-repair-"));
  try {
    await makeStore(`${folder}/model`);
    let interruptions = 0;
    for (let at = 1;; at += STRIDE) {
      const root = `${folder}/${at}`;
      cpSync(`${folder}/model`, root, { recursive: true });
      const { error, steps } = await repair(root, at, () => act(root));
      if (steps < at) break;
      if (error !== undefined) interruptions++;
      await using driver = await Driver.open("files", { root_path: root });
      await check(driver, error);
      rmSync(root, { recursive: true });
    }
    assertGreater(interruptions, 15);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Moves a topic away, as its deletion begins. */
function remove(root: string): void {
  renameSync(`${root}/damaged`, `${root}/.deleting-0000000000000000`);
}

test("a topic that is created while one of its name is repaired keeps its events", async () => {
  const act = (root: string) => {
    remove(root);
    renameSync(`${root}/other`, `${root}/damaged`);
  };
  await atEachMoment(act, async (driver, error) => {
    if (error !== undefined) assertInstanceOf(error, TopicDeletedError);
    await using topic = await driver.openTopic("damaged");
    assertEquals((await topic.lag("reader")).map(({ events }) => events), [5]);
    await using consumer = topic.consumer("checker");
    const read = [];
    for await (const { metadata } of consumer.events({ until: "end" })) read.push(metadata);
    assertEquals(read, [0, 1, 2, 3, 4, 5].map((n) => ({ name: "other", n })));
    const findings = await findingsOf(new TopicFiles((await driver.listTopics()).get("damaged")!));
    assertEquals(findings, []);
  });
});

test("the name of a topic that is deleted while it is repaired is free", async () => {
  await atEachMoment(remove, async (driver, error) => {
    if (error !== undefined) assertInstanceOf(error, TopicDeletedError);
    await driver.createTopic("damaged", { num_partitions: 1 });
  });
});

test("verify goes on with the other topics when one is deleted meanwhile", async () => {
  const root = mkdtempSync(join(memoryFolder, "diaspora-verify-"));
  const { verify } = TopicFiles.prototype;
  TopicFiles.prototype.verify = function (options) {
    if (this.path === `${root}/damaged`) remove(root);
    return verify.call(this, options);
  };
  try {
    await makeStore(root);
    let errors = "";
    const error = new Writable({ write: (text, _, done) => (errors += text, done()) });
    const code = await main(["verify", "--store", root], {
      input: Readable.from([]),
      output: new Writable({ write: (_text, _encoding, done) => done() }),
      error: new StandardError(() => error),
      environment: {},
      watchSignals: () => ({ signal: new AbortController().signal, dispose: () => {} }),
    });
    assertStringIncludes(errors, "Topic 'damaged' was deleted meanwhile");
    assertStringIncludes(errors, "Verified 6 events");
    assertEquals(code, 0);
  } finally {
    TopicFiles.prototype.verify = verify;
    rmSync(root, { recursive: true });
  }
});
