// `verify` kept a file of every partition open to its end: a topic with more partitions than a process may have open
// files (`ulimit -n`) was unreadable from some partition on (EMFILE). The page's server never closed them: each
// verification of a topic left a file of each partition open.
import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, type TopicInfo } from "../../mod.ts";
import { carryOut } from "../../src/ctl/verify/carry_out.ts";
import { inspectorFor } from "../../src/ctl/ui/files_inspector.ts";
import { TopicFiles } from "../../src/ctl/verify/store.ts";
import { type Finding, planRepair } from "../../src/log/check/mod.ts";
import { test } from "../harness.ts";
import { openFilesUnder } from "../open_files.ts";

const PARTITIONS = 5;

async function withTopic(use: (info: TopicInfo, folder: string) => Promise<void>): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "diaspora-verify-")));
  try {
    await using driver = await Driver.open("files", { root_path: folder });
    await driver.createTopic("t", { num_partitions: PARTITIONS });
    {
      await using topic = await driver.openTopic("t");
      await using producer = topic.producer("p");
      for (let n = 0; n < 2 * PARTITIONS; n++) producer.push({ n });
    }
    await use((await driver.listTopics()).get("t")!, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a verification has one partition's files open at a time, and none at its end", async () => {
  await withTopic(async (info, folder) => {
    let most = 0;
    const progress = (): void => void (most = Math.max(most, openFilesUnder(folder).length));
    for await (const _ of new TopicFiles(info).verify({ progress }));
    assert(most <= 1, `${most} were open`);
    assertEquals(openFilesUnder(folder), []);
  });
});

test("a verification on the page that is stopped leaves no file open", async () => {
  await withTopic(async (info, folder) => {
    const inspector = inspectorFor("files")!;
    const options = { signal: AbortSignal.abort(), progress: () => {} };
    try {
      for await (const _ of inspector.verify(info, options));
    } catch {
      // Stopped.
    }
    inspector.segments(info, { partition: 0, offset: 0, limit: 10 });
    assertEquals(openFilesUnder(folder), []);
  });
});

test("a repair leaves no file open", async () => {
  await withTopic(async (info, folder) => {
    const segment = join(info.path!, "partitions/00000001/00000000000000000000.log");
    const bytes = readFileSync(segment);
    bytes.fill(0xff, 130, 138);
    writeFileSync(segment, bytes);
    const files = new TopicFiles(info);
    const findings: Finding[] = [];
    for await (const finding of files.verify({})) findings.push(finding);
    const { steps } = planRepair(findings);
    assert(steps.length > 0);
    await carryOut(files, steps);
    assertEquals(openFilesUnder(folder), []);
  });
});
