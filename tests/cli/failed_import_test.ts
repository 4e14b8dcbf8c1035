// An import that fails, or is killed, leaves no topic that could be mistaken for a complete one.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { manifestEntry, runEntry, tarFile, topicEntry } from "../ctl/transfer/tar_file.ts";
import { test } from "../harness.ts";
import { ctl, pause, type Place, startCtl, until, withFolder } from "./program.ts";

const RUNS = [runEntry(0, 0, 3), runEntry(1, 0, 3)];

/** An archive with six events in two partitions. */
function archive(topic = topicEntry(2)): Uint8Array {
  const entries = [topic, ...RUNS];
  return tarFile([...entries, manifestEntry(entries, { events: 6 })]);
}

async function importing(place: Place, bytes: Uint8Array, name: string, ...words: string[]) {
  const path = join(place.folder, "t.tar");
  writeFileSync(path, bytes);
  return await ctl([
    "import",
    "--from",
    "archive",
    "--from.file",
    path,
    "--name",
    name,
    ...words,
    ...place.driver,
  ]);
}

const topicsOf = async ({ driver }: Place): Promise<string> =>
  (await ctl(["topic", "list", ...driver])).stdout;
const eventsOf = async ({ driver }: Place, name: string): Promise<number> =>
  (await ctl(["consume", name, ...driver])).stdout.split("\n").length - 1;

/** What is in the store, including hidden files. */
const namesIn = ({ root }: Place): string[] => existsSync(root) ? readdirSync(root) : [];

// It named an option of `produce`.
test("metadata of an archive that is not JSON is named without a remedy for typed text", () =>
  withFolder(async (place) => {
    const run = runEntry(0, 0, 1);
    const entries = [topicEntry(), { ...run, content: String(run.content).replace('{"n":0}', "{n}") }];
    const bytes = tarFile([...entries, manifestEntry(entries, { events: 1 })]);
    const { code, stderr } = await importing(place, bytes, "t");
    assertEquals(code, 1, stderr);
    assertStringIncludes(stderr, 'unexpected "n" at position 1; nothing is imported');
  }));

test("an import that fails leaves nothing, whatever the cause", async () => {
  await withFolder(async (place) => {
    const whole = archive();
    const flipped = whole.slice();
    flipped[Buffer.from(whole).indexOf('{"n":2}') + 5] ^= 1;
    const part = { type: "Part:/nowhere/part.mjs" };
    const cases: [bytes: Uint8Array, code: number, expected: string][] = [
      [whole.subarray(0, 2000), 3, "cut off"],
      [whole.subarray(0, whole.length - 1500), 3, "cut off"],
      [flipped, 3, "checksum of"],
      [archive(topicEntry(1)), 3, "it is of partition 1, and the topic has 1"],
      [archive(topicEntry(99_999_999)), 2, "num_partitions"],
      [archive(topicEntry(2, { options: { num_partitions: 2, unheard_of: 1 } })), 2, "unheard_of"],
      [archive(topicEntry(2, { serializer: part })), 2, 'Cannot load serializer "Part" of topic "t" from'],
      [
        archive(topicEntry(2, { validator: { type: "schema", schema: { type: "numbr" } } })),
        2,
        "Cannot compile JSON schema",
      ],
      [
        archive(topicEntry(2, { validator: { type: "schema", schema: { type: "array" } } })),
        1,
        "nothing is imported",
      ],
    ];
    for (const [bytes, code, expected] of cases) {
      const { code: found, stderr } = await importing(place, bytes, "t");
      assertEquals(found, code, stderr);
      assertStringIncludes(stderr, expected);
      assertEquals([await topicsOf(place), namesIn(place)], ["", []], expected);
    }
    assertEquals((await importing(place, whole, "t")).code, 0);
    assertEquals([await topicsOf(place), namesIn(place), await eventsOf(place, "t")], ["t\n", ["t"], 6]);
  });
});

test("documents that name modules are imported unchanged, and validators that need code are not run", async () => {
  await withFolder(async (place) => {
    const part = { type: "Part:/nowhere/part.mjs", more: [1] };
    const { code, stderr } = await importing(
      place,
      archive(topicEntry(2, { validator: part, partition_selector: part })),
      "t",
    );
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, 'Events are not validated: Cannot load validator "Part"');
    const info = JSON.parse((await ctl(["topic", "list", "--json", ...place.driver])).stdout);
    assertEquals([info.validator, info.partition_selector, info.events], [part, part, 6]);
    assertEquals(await eventsOf(place, "t"), 6);
  });
});

test("an incomplete archive does not change an existing topic", async () => {
  await withFolder(async (place) => {
    await ctl(["topic", "create", "t", "--topic.num_partitions", "2", ...place.driver]);
    await ctl(["produce", "t", "--metadata", "1", ...place.driver]);
    const whole = archive();
    for (const bytes of [whole.subarray(0, whole.length - 1500), archive(topicEntry(3)).subarray(0, 2000)]) {
      assertEquals((await importing(place, bytes, "t")).code, 3);
      assertEquals(await eventsOf(place, "t"), 1);
    }
    assertEquals((await importing(place, whole, "t")).code, 0);
    assertEquals(await eventsOf(place, "t"), 7);
  });
});

test("a topic with fewer partitions than the archive is a mistake of the command line, and no damage", async () => {
  await withFolder(async (place) => {
    const { driver, folder } = place;
    await ctl(["topic", "create", "t", ...driver]);
    const file = join(folder, "whole.tar");
    writeFileSync(file, archive());
    const words = ["--from", "archive", "--from.file", file, ...driver];
    const why = "it has events of partition 1, and the topic has 1 partition: " +
      'import into a new topic with "--topic.num_partitions 2"';
    for (const more of [["import", "t"], ["import", "new", "--topic.num_partitions", "1"]]) {
      const { code, stderr } = await ctl([...more, ...words]);
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, `Cannot import "${file}": ${why}`);
      assertEquals([await topicsOf(place), await eventsOf(place, "t")], ["t\n", 0]);
    }
    // A pipe cannot be read twice, so that its first events are stored before the others are met.
    const fromPipe = ["import", "t", "--from", "archive", "--from.file", "-", ...driver];
    const piped = await ctl(fromPipe, { input: archive() });
    assertEquals(piped.code, 1, piped.stderr);
    assertStringIncludes(piped.stderr, `${why}; the events before it are stored`);
    const folderAsFile = await ctl(["import", "t", "--from", "jsonl", "--from.file", folder, ...driver]);
    assertEquals(folderAsFile.code, 2);
    assertStringIncludes(
      folderAsFile.stderr,
      `Cannot read "${folder}" given by "--from.file": it is a folder`,
    );
  });
});

test("with --partial the readable events become a topic, and the exit code reports the damage", async () => {
  await withFolder(async (place) => {
    const whole = archive();
    const { code, stderr } = await importing(place, whole.subarray(0, whole.length - 1500), "t", "--partial");
    assertEquals([code, await eventsOf(place, "t")], [3, 6], stderr);
    assertEquals(namesIn(place), ["t"]);
  });
});

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  test(`an import that gets ${signal} leaves no topic, and the same command completes it`, async () => {
    await withFolder(async (place) => {
      const { driver } = place;
      const words = ["import", "--from", "archive", "--from.file", "-", "--name", "t", ...driver];
      const bytes = archive();
      const running = startCtl(words, { keepInput: true });
      running.child.stdin!.write(bytes.subarray(0, 2100));
      await until("it has begun", () => namesIn(place).some((name) => name.startsWith(".unfinished-t")));
      await pause(200);
      running.signal(signal);
      const { code } = await running.ended;
      assert(code !== 0, String(code));
      assertEquals(await topicsOf(place), "");
      assertEquals((await ctl(["topic", "describe", "t", ...driver])).code, 4);
      if (signal === "SIGTERM") assertEquals([code, namesIn(place)], [130, []]);
      else assert(namesIn(place).every((name) => name.startsWith(".unfinished-t.")));
      const again = await ctl(words, { input: bytes });
      assertEquals(
        [again.code, await topicsOf(place), await eventsOf(place, "t")],
        [0, "t\n", 6],
        again.stderr,
      );
      assertEquals((await ctl(["verify", ...driver])).code, 0);
    });
  });
}
