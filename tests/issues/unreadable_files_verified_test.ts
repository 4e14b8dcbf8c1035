// `verify` ended at the first file that the system did not let it read, so that no one learned of the damage after it, or in
// other topics. It names such a file, counts it and goes on; the exit code says that not everything was read.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StorageError } from "../../mod.ts";
import { TopicFiles } from "../../src/ctl/verify/store.ts";
import { planRepair } from "../../src/log/check/mod.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { ctl, withFolder } from "../cli/program.ts";
import { withPlace } from "../cpp_files/sample.ts";
import { test } from "../harness.ts";

const SEGMENT = "00000000000000000000.log";

/** The storage as it is if the system refuses one path. */
function without(refused: string, errno: string): Storage {
  const checked = <T>(path: string, call: () => T): T => {
    if (path !== refused) return call();
    throw new StorageError(errno, `Cannot read "${path}": refused (${errno})`);
  };
  return {
    ...nodeStorage,
    open: (path, mode) => checked(path, () => nodeStorage.open(path, mode)),
    list: (path) => checked(path, () => nodeStorage.list(path)),
    readWhole: (path, bytesMax) => checked(path, () => nodeStorage.readWhole(path, bytesMax)),
  };
}

/** Inverts the last byte but one of a file. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 2]! ^= 0xff;
  writeFileSync(path, bytes);
}

const PLACES: readonly (readonly [what: string, path: string])[] = [
  ["a document", "topic.json"],
  ["the folder of a partition", "partitions/00000000"],
  ["a segment", `partitions/00000000/${SEGMENT}`],
  ["an index", "partitions/00000000/00000000000000000000.idx"],
  ["the folder of consumers", "consumers"],
  ["the folder of a consumer", "consumers/app"],
  ["the name of a consumer", "consumers/app/name"],
  ["a position", "consumers/app/00000000.pos"],
];

for (const [what, path] of PLACES) {
  for (const errno of ["EACCES", "EIO", "ESTALE"]) {
    test(`verify names ${what} that it cannot read (${errno}), and goes on`, () =>
      withPlace(async ({ driver, folder }) => {
        await driver.createTopic("t", { num_partitions: 2 });
        await using topic = await driver.openTopic("t");
        await using producer = topic.producer();
        for (const partition of [0, 1]) await producer.push({ partition }, undefined, { partition });
        await topic.seekConsumer("app", "latest");
        const root = join(folder, "ours", "t");
        const unreadable = join(root, path);
        damage(join(root, "partitions/00000001", SEGMENT));
        const info = (await driver.listTopics()).get("t")!;
        const findings = [];
        for await (const finding of new TopicFiles(info, without(unreadable, errno)).verify({})) {
          findings.push(finding);
        }
        const named = findings.filter(({ severity }) => severity === "unreadable");
        assertEquals(named.map(({ reason }) => reason), [`Cannot read "${unreadable}": refused (${errno})`]);
        const others = findings.filter((finding) => !named.includes(finding));
        assertEquals(others.map(({ kind, partition }) => [kind, partition]), [["frame trailer", 1]]);
        assertEquals(planRepair(findings).unrepairable, named);
      }));
  }
}

test("what verify and repair could not read makes them fail, and damage found elsewhere is said", () =>
  withFolder(async ({ driver, root }) => {
    for (const name of ["a", "b", "c"]) {
      await ctl(["topic", "create", name, ...driver]);
      await ctl(["produce", name, ...driver], { input: "1\n" });
    }
    const segment = (topic: string) => join(root, topic, "partitions/00000000", SEGMENT);
    rmSync(segment("a"));
    symlinkSync("/nowhere", segment("a"));
    const failed = await ctl(["verify", ...driver]);
    assertEquals(failed.code, 1);
    assertEquals(failed.stdout.split("\n").length, 2);
    assertStringIncludes(failed.stdout, `unreadable: topic "a": Cannot open "${segment("a")}"`);
    assertStringIncludes(failed.stderr, "0 damaged, 0 redundant, 0 torn, 1 unreadable");
    const { code, stderr } = await ctl(["repair", "a", "--yes", ...driver]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, `Cannot repair unreadable: topic "a": Cannot open "${segment("a")}"`);
    damage(segment("b"));
    const damaged = await ctl(["verify", "--json", ...driver]);
    assertEquals(damaged.code, 3);
    const kinds = damaged.stdout.trim().split("\n").map((line) => JSON.parse(line).kind);
    assertEquals(kinds, ["unreadable", "frame trailer", undefined]);
  }));
