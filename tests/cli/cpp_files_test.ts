// Topics of the C++ library on the command line: listed, imported, exported.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { SAMPLE_EXPECTED, SAMPLE_ROOT } from "../cpp_files/sample.ts";
import { record, writeTopic } from "../cpp_files/store.ts";
import { test } from "../harness.ts";
import { ctl, pause, startCtl, until, withFolder } from "./program.ts";

const FROM = ["--from", "cpp-files", "--from.root_path", SAMPLE_ROOT];

function contentOf(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true }).map(String).sort()
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => [name, readFileSync(join(folder, name)).toString("base64")]);
}

/** Total size of the event logs under a folder, which may not exist yet. */
function bytesIn(folder: string): number {
  if (!existsSync(folder)) return 0;
  const logs = readdirSync(folder, { recursive: true }).map(String).filter((name) => name.endsWith(".log"));
  return logs.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

test(
  "every topic of the sample store is imported by command and exported unchanged",
  async () => {
    await withFolder(async ({ folder, driver }) => {
      for (const name of ["sample", "empty", "schema"]) {
        const imported = await ctl(["import", ...FROM, "--name", name, ...driver]);
        assertEquals([imported.code, imported.stdout], [0, ""], imported.stderr);
        assertStringIncludes(imported.stderr, `events into topic '${name}'`);
        const to = ["--to", "cpp-files", "--to.root_path", join(folder, "cpp"), "--to.name", `${name}-back`];
        const exported = await ctl(["export", ...to, "--name", name, ...driver]);
        assertEquals([exported.code, exported.stdout], [0, ""], exported.stderr);
        assertEquals(contentOf(join(folder, "cpp", `${name}-back`)), contentOf(join(SAMPLE_ROOT, name)));
      }
      const { stdout } = await ctl(["consume", "sample", "--json", ...driver]);
      const expected = readFileSync(SAMPLE_EXPECTED, "utf8").trimEnd().split("\n");
      assertEquals(stdout.trimEnd().split("\n").length, expected.length);
    });
  },
);

test(
  "counts and byte sums are reported, and a second import finds nothing to do",
  async () => {
    await withFolder(async ({ driver }) => {
      const words = ["import", ...FROM, "--from.name", "sample", "--name", "other", ...driver];
      const counts =
        "Imported 1000 events into topic 'other': 115291 bytes of metadata, 2433158 bytes of data";
      assertStringIncludes((await ctl(words)).stderr, counts);
      const again = await ctl(words);
      assertEquals(again.code, 0);
      assertStringIncludes(again.stderr, counts);
      assertStringIncludes(again.stderr, "1000 events had been imported before");
      assertEquals((await ctl(["consume", "other", ...driver])).stdout.trimEnd().split("\n").length, 1000);
    });
  },
);

test("topics in the C++ layout are listed with their size, and the error says how to import them", async () => {
  await withFolder(async ({ folder, root, driver }) => {
    cpSync(SAMPLE_ROOT, root, { recursive: true });
    await ctl(["topic", "create", "--name", "ours", ...driver]);
    const { stdout, stderr } = await ctl(["topic", "list", "--json", ...driver]);
    const topics = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(topics.map(({ name, layout, events }) => [name, layout, events]), [
      ["empty", "cpp-files", 0],
      ["ours", undefined, 0],
      ["sample", "cpp-files", 1000],
      ["schema", "cpp-files", 10],
    ]);
    assertStringIncludes(stderr, "3 of the topics were written by the C++ files driver");
    const consumed = await ctl(["consume", "schema", ...driver]);
    assertEquals(consumed.code, 1);
    assertStringIncludes(
      consumed.stderr,
      'Cannot open topic "schema": it was written by the C++ files driver',
    );
    // The command in the message works exactly as printed.
    const command = /diaspora-ctl (import .*)$/m.exec(consumed.stderr)![1].match(/"[^"]*"|\S+/g)!
      .map((word) => word.replaceAll('"', ""));
    command[command.indexOf("NEW_DIR")] = join(folder, "new");
    const imported = await ctl(command);
    assertEquals(imported.code, 0, imported.stderr);
    assertStringIncludes(imported.stderr, "Imported 10 events into topic 'schema'");
  });
});

test("an import that is killed repeatedly ends with every event exactly once", async () => {
  await withFolder(async ({ folder, root, driver }) => {
    const options = ["--topic.num_partitions", "2", ...driver];
    await ctl(["topic", "create", "--name", "t", ...options]);
    const lines = Array.from({ length: 60_000 }, (_, n) => `{"n":${n},"pad":"${"x".repeat(n % 200)}"}`);
    await ctl(["produce", "t", ...driver], { input: lines.join("\n") });
    const cpp = join(folder, "cpp");
    await ctl(["export", "t", "--to", "cpp-files", "--to.root_path", cpp, ...driver]);
    const words = ["import", "--from", "cpp-files", "--from.root_path", cpp, "--from.name", "t"];
    const into = [...words, "--name", "copy", ...driver];
    let stored = 0;
    for (let round = 0; round < 4; round++) {
      const running = startCtl(into);
      let isOver = false;
      void running.ended.then(() => isOver = true);
      while (!isOver && bytesIn(join(root, "copy")) <= stored) await pause(1);
      running.signal("SIGKILL");
      await running.ended;
      stored = bytesIn(join(root, "copy"));
    }
    const { code, stderr } = await ctl(into);
    assertEquals(code, 0, stderr);
    assertMatch(stderr, /[1-9]\d* events had been imported before/);
    assertStringIncludes(stderr, "Imported 60000 events into topic 'copy'");
    const { stdout } = await ctl(["consume", "copy", ...driver]);
    assertEquals(stdout.trimEnd().split("\n").sort(), lines.sort());
  });
});

test("an interrupted export says so, and the same command continues it", async () => {
  await withFolder(async ({ folder, driver }) => {
    await ctl(["topic", "create", "--name", "t", ...driver]);
    const line = `{"pad":"${"x".repeat(300)}"}\n`;
    await ctl(["produce", "t", ...driver], { input: line.repeat(200_000) });
    const cpp = join(folder, "cpp");
    const words = ["export", "t", "--to", "cpp-files", "--to.root_path", cpp, ...driver];
    let interrupted: number | null = 0;
    // An export that is over before it is interrupted is tried again.
    for (let tries = 0; tries < 10 && interrupted === 0; tries++) {
      rmSync(cpp, { recursive: true, force: true });
      const running = startCtl(words);
      await until(
        "it has begun",
        () =>
          existsSync(join(cpp, "t/partitions.unfinished/00000000/index")) ||
          existsSync(join(cpp, "t/partitions")),
      );
      running.signal("SIGINT");
      interrupted = (await running.ended).code;
    }
    assertEquals(interrupted, 130);
    assert(!existsSync(join(cpp, "t/partitions")));
    const { code, stderr } = await ctl(words);
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "Exported 200000 events of topic 't'");
    assertEquals(statSync(join(cpp, "t/partitions/00000000/index")).size, 200_000 * 32);
    const again = await ctl(words);
    assertEquals(again.code, 0, again.stderr);
    assertStringIncludes(again.stderr, "200000 events had been exported before");
    await ctl(["produce", "t", ...driver], { input: "1\n" });
    const other = await ctl(words);
    assertEquals(other.code, 1);
    assertStringIncludes(other.stderr, `Cannot create topic "t": it already exists under "${cpp}"`);
  });
});

test("a damaged C++ store ends with exit code 3, a missing topic with 4, wrong options with 2", async () => {
  await withFolder(async ({ folder, driver }) => {
    await ctl(["topic", "create", "--name", "t", ...driver]);
    await ctl(["produce", "t", ...driver], { input: "1\n2\n3\n" });
    const cpp = join(folder, "cpp");
    const to = ["--to", "cpp-files", "--to.root_path", cpp];
    await ctl(["export", "t", ...to, ...driver]);
    truncateSync(join(cpp, "t/partitions/00000000/metadata"), 20);
    const from = ["--from", "cpp-files", "--from.root_path", cpp];
    const damaged = await ctl(["import", "--name", "copy", ...from, "--from.name", "t", ...driver]);
    assertEquals(damaged.code, 3);
    assertStringIncludes(damaged.stderr, 'Cannot read topic "t" partition 0 event 2');
    mkdirSync(join(cpp, "no-topic"));
    for (
      const [words, code, part] of [
        [["import", "nowhere", ...from], 4, 'no such topic under "'],
        [["import", "no-topic", ...from], 4, 'no such topic under "'],
        [["import", "t", "--from", "cpp-files"], 2, 'add "--from.root_path DIR"'],
        [["export", "t", "--to", "cpp-files"], 2, 'add "--to.root_path DIR"'],
        [["export", "t", "--to", "cpp-files", "--to.file", "x"], 2, 'Unknown option "--to.file"'],
      ] as const
    ) {
      const outcome = await ctl([...words, ...driver]);
      assertEquals(outcome.code, code, outcome.stderr);
      assertStringIncludes(outcome.stderr, part);
    }
  });
});

test("every command reports events of the C++ driver in a topic of ours before anything is lost", async () => {
  await withFolder(async ({ driver }) => {
    assertEquals((await ctl(["topic", "create", "mixed", ...driver])).code, 0);
    assertEquals((await ctl(["produce", "mixed", ...driver], { input: '{"ours":1}\n' })).code, 0);
    const { path } = JSON.parse((await ctl(["topic", "list", "--json", ...driver])).stdout);
    const partition = join(path, "partitions", "00000000");
    // Like a topic of an earlier version, without the folder in place of the first of these files.
    rmSync(join(partition, "data"), { recursive: true });
    for (const file of ["index", "metadata", "data"]) {
      cpSync(join(SAMPLE_ROOT, "sample", "partitions", "00000000", file), join(partition, file));
    }
    const index = join(partition, "index");
    const listed = await ctl(["topic", "list", "--json", ...driver]);
    assertEquals(JSON.parse(listed.stdout).foreign.files.length, 3);
    assertStringIncludes(listed.stderr, index);
    for (const words of [["topic", "describe"], ["consume"], ["topic", "delete", "--dry-run"]]) {
      const refused = await ctl([...words, "mixed", ...driver]);
      assertEquals([refused.code, refused.stdout], [1, ""]);
      assertStringIncludes(refused.stderr, "import --from cpp-files");
    }
    const verified = await ctl(["verify", "mixed", ...driver]);
    assertEquals(verified.code, 1);
    assertStringIncludes(verified.stdout, `"${index}"`);
    assertStringIncludes((await ctl(["doctor", ...driver])).stdout, '"mixed"');
    const kept = await ctl(["topic", "delete", "mixed", "--yes", ...driver]);
    assertEquals(kept.code, 1);
    assertStringIncludes(kept.stderr, "delete it with force");
    assert(existsSync(index));
    const source = ["--from", "cpp-files", "--from.root_path", dirname(path), "--from.name", "mixed"];
    const imported = await ctl(["import", ...source, "--name", "theirs", ...driver]);
    assertEquals(imported.code, 0, imported.stderr);
    assertEquals((await ctl(["topic", "delete", "mixed", "--yes", "--force", ...driver])).code, 0);
    assertEquals((await ctl(["topic", "list", ...driver])).stdout, "theirs\n");
  });
});

test("by command, too much metadata is skipped or moved, and the message says what was read back", async () => {
  await withFolder(async ({ folder, driver }) => {
    const lines = ["1", `"${"x".repeat(50)}"`, "3"].map((metadata) => `{"metadata":${metadata}}`);
    writeFileSync(join(folder, "t.jsonl"), lines.join("\n"));
    const large = ["--metadata-bytes-max", "40", ...driver, "--large-metadata"];
    const from = ["import", "--from", "jsonl", "--from.file", join(folder, "t.jsonl")];
    const skipped = await ctl([...from, "--name", "skipped", ...large, "skip"]);
    assertStringIncludes(skipped.stderr, "Imported 2 events into topic 'skipped'; 1 event skipped");
    writeTopic(folder, "t", {
      partitions: [["1", `"${"x".repeat(50)}"`].map((text) => ({ metadata: record(text) }))],
    });
    const fromCpp = ["import", "--from", "cpp-files", "--from.root_path", folder, "--from.name", "t"];
    const moved = await ctl([...fromCpp, "--name", "moved", ...large, "data"]);
    assertMatch(
      moved.stderr,
      /Imported 2 events into topic 'moved': .* read back: the same ids, metadata and data; the metadata of 1 event moved to the end of the data part; \d+ events\/s$/m,
    );
    const refused = await ctl([...fromCpp, "--name", "refused", ...large, "drop"]);
    assertEquals(refused.code, 2);
    assertStringIncludes(refused.stderr, "--large-metadata");
  });
});
