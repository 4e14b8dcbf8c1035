import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness.ts";
import { ctl, type Place, withFolder } from "./program.ts";

const COUNT = 5000;

/** A topic of many small frames, and the path of its only segment. */
async function makeTopic({ driver, root }: Place): Promise<string> {
  await ctl(["topic", "create", "--name", "t", ...driver]);
  const input = Array.from({ length: COUNT }, (_, id) => `{"id":${id},"mark":"m${id}m"}`).join("\n");
  await ctl(["produce", "t", "--batch-size", "50", ...driver], { input });
  return join(root, "t", "partitions", "00000000", "00000000000000000000.log");
}

/** Flips a bit of the text, wherever it is in the file. */
function damage(path: string, text: string): void {
  const bytes = readFileSync(path);
  const at = bytes.indexOf(text);
  assert(at > 0);
  bytes[at + 1] ^= 1;
  writeFileSync(path, bytes);
}

/** The objects of an output with one a line. */
function linesOf(text: string) {
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

test("verify finds nothing wrong in an intact store", async () => {
  await withFolder(async (place) => {
    await makeTopic(place);
    await ctl(["topic", "create", "--name", "empty", ...place.driver]);
    const { code, stdout, stderr } = await ctl(["verify", ...place.driver]);
    assertEquals([code, stdout], [0, ""]);
    assertStringIncludes(stderr, `Verified ${COUNT} events`);
    assertStringIncludes(stderr, "in 2 topics");
  });
});

test("verify names damage by topic, partition, events, file and byte, with exit code 3", async () => {
  await withFolder(async (place) => {
    const path = await makeTopic(place);
    damage(path, "m1234m");
    const json = await ctl(["verify", "--name", "t", "--json", ...place.driver]);
    assertEquals(json.code, 3);
    const [finding, { summary }] = linesOf(json.stdout);
    assertEquals(
      [summary.topics, summary.events, summary.damage, summary.redundant, summary.torn],
      [1, COUNT, 1, 0, 0],
    );
    const { first_id: firstId, end_id: endId } = finding;
    assert(firstId <= 1234 && 1234 < endId && endId <= firstId + 50, json.stdout);
    assertEquals([finding.topic, finding.severity, finding.partition, finding.file], [
      "t",
      "damage",
      0,
      path,
    ]);
    const { code, stdout } = await ctl(["verify", "t", ...place.driver]);
    assertEquals(code, 3);
    assertStringIncludes(stdout, `damage: topic "t" partition 0 events ${firstId} to ${endId - 1}: `);
    assertStringIncludes(stdout, `in "${path}" at byte ${finding.offset}\n`);
    const consumed = await ctl(["consume", "t", ...place.driver]);
    assertEquals([consumed.code, consumed.stdout.split("\n").length - 1], [3, firstId]);
    const skipped = await ctl(["consume", "t", "--on-corruption", "skip", ...place.driver]);
    assertEquals([skipped.code, skipped.stdout.split("\n").length - 1], [3, COUNT - (endId - firstId)]);
  });
});

test("repair shows its steps, keeps the original, and saves everything intact", async () => {
  await withFolder(async (place) => {
    const { root, driver, folder } = place;
    const path = await makeTopic(place);
    await ctl(["consume", "t", "--name", "app", "--ack", "--max", "3000", ...driver]);
    damage(path, "m1234m");
    damage(path, "m4000m");
    copyFileSync(path, join(folder, "damaged"));
    const lost = linesOf((await ctl(["verify", "t", "--json", ...driver])).stdout).slice(0, -1);
    const repair = (...words: string[]) => ctl(["repair", "t", ...driver, ...words]);
    const planned = await repair("--dry-run");
    assertEquals(planned.code, 0, planned.stderr);
    assertEquals(planned.stdout.trimEnd().split("\n").length, 2);
    const [first] = lost;
    const events = `events ${first.first_id} to ${first.end_id - 1}`;
    assertStringIncludes(planned.stdout, `give up events: partition 0 ${events}`);
    const unasked = await repair();
    assertEquals(unasked.code, 2);
    assertStringIncludes(unasked.stderr, "--yes");
    assert(readFileSync(path).equals(readFileSync(join(folder, "damaged"))));

    const done = await repair("--yes");
    assertEquals([done.code, done.stdout], [0, planned.stdout], done.stderr);
    const kept = readdirSync(join(root, "t")).find((name) => name.startsWith("before-repair-"))!;
    const original = readFileSync(
      join(root, "t", kept, "partitions", "00000000", "00000000000000000000.log"),
    );
    // Only a seal was added, which sends writers to the next segment.
    const damaged = readFileSync(join(folder, "damaged"));
    assert(original.subarray(0, damaged.length).equals(damaged));
    assertEquals((await ctl(["verify", ...driver])).code, 0);
    const { code, stdout } = await ctl(["consume", "t", ...driver]);
    assertEquals(code, 0);
    const ids = stdout.trimEnd().split("\n").map((line) => JSON.parse(line).id);
    const isLost = (id: number) => lost.some(({ first_id, end_id }) => first_id <= id && id < end_id);
    assertEquals(ids, Array.from({ length: COUNT }, (_, id) => id).filter((id) => !isLost(id)));
    const next = await ctl(["consume", "t", "--name", "app", "--max", "1", "--json", ...driver]);
    assertEquals(JSON.parse(next.stdout).id, 3000);
    assertStringIncludes((await repair("--yes")).stderr, "needs no repair");
  });
});

test("verify and repair cover consumers' names and positions", async () => {
  await withFolder(async (place) => {
    const { root, driver } = place;
    await makeTopic(place);
    for (const max of ["10", "10"]) {
      await ctl(["consume", "t", "--name", "a/b", "--ack", "--max", max, ...driver]);
    }
    const folder = join(root, "t", "consumers", "a%2Fb");
    const position = join(folder, "00000000.pos");
    writeFileSync(join(folder, "name"), "a/c");
    const bytes = readFileSync(position);
    const empty = bytes.indexOf(Buffer.alloc(64));
    bytes[empty - (empty % 64) + 5] ^= 1;
    writeFileSync(position, bytes);
    const verified = await ctl(["verify", "t", "--json", ...driver]);
    const kinds = linesOf(verified.stdout).map(({ kind }) => kind);
    assertEquals([verified.code, kinds], [3, ["consumer name", "position", undefined]]);
    assertEquals((await ctl(["repair", "t", "--yes", ...driver])).code, 0);
    assertEquals(readFileSync(join(folder, "name"), "utf8"), "a/b");
    assertEquals((await ctl(["verify", "t", ...driver])).code, 0);
    const next = await ctl(["consume", "t", "--name", "a/b", "--max", "1", "--json", ...driver]);
    assertEquals(JSON.parse(next.stdout).id, 20);
  });
});

test("verify and repair require the files driver and an existing topic", async () => {
  await withFolder(async ({ driver }) => {
    const memory = await ctl(["verify", "--driver", "memory"]);
    assertEquals(memory.code, 2);
    assertStringIncludes(memory.stderr, "keeps no files");
    assertEquals((await ctl(["verify", "nope", ...driver])).code, 4);
    assertEquals((await ctl(["repair", "nope", ...driver])).code, 4);
  });
});
