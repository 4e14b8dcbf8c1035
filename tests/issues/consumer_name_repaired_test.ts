// A repair that had only a consumer's name to write touched the folder of the first partition: if that was missing, it
// failed, and the name was not written.
import { assertEquals } from "@std/assert";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Finding, planRepair } from "../../src/log/check/mod.ts";
import { carryOut } from "../../src/ctl/verify/carry_out.ts";
import { TopicFiles } from "../../src/ctl/verify/store.ts";
import { withPlace } from "../cpp_files/sample.ts";
import { test } from "../harness.ts";

test("a consumer's name is written again although the first partition is missing", () =>
  withPlace(async ({ driver }) => {
    await driver.createTopic("t", { num_partitions: 2 });
    {
      await using topic = await driver.openTopic("t");
      await topic.seekConsumer("c", "earliest", { partitions: [1] });
    }
    const files = new TopicFiles((await driver.listTopics()).get("t")!);
    const name = join(files.path, "consumers", "c", "name");
    writeFileSync(name, "?");
    rmSync(join(files.path, "partitions", "00000000"), { recursive: true });
    const findings: Finding[] = [];
    for await (const finding of files.verify({})) findings.push(finding);
    assertEquals(findings.map(({ kind }) => kind), ["partition missing", "consumer name"]);
    await carryOut(files, planRepair(findings).steps);
    assertEquals(readFileSync(name, "utf8"), "c");
  }));
