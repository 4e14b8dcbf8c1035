import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness.ts";
import { PATIENCE_MS } from "../waiting.ts";
import { ctl, pause, type Place, startCtl, until, withFolder } from "./program.ts";

/** Number of kills, and events pushed during them. */
const KILLS = 25;

async function create(place: Place, ...topics: string[]): Promise<void> {
  for (const topic of topics) await ctl(["topic", "create", "--name", topic, ...place.driver]);
}

/** Writes a configuration that forwards within one store. */
function writeConfig(place: Place, ...policies: string[]): string {
  const path = join(place.folder, "forward.yaml");
  writeFileSync(
    path,
    `drivers:\n  local: { type: files, options: { root_path: ${JSON.stringify(place.root)} } }\nforward:\n${
      policies.join("")
    }`,
  );
  return path;
}

const policy = (from: string, to: string, ...more: string[]) =>
  [`  - from: local/${from}\n`, `    to:   local/${to}\n`, ...more.map((line) => `    ${line}\n`)].join("");

async function linesOf(place: Place, topic: string, ...words: string[]): Promise<string[]> {
  const { stdout } = await ctl(["consume", topic, ...words, ...place.driver]);
  return stdout.split("\n").slice(0, -1);
}

test("events are forwarded with data, partitions and order, and again after a restart", async () => {
  await withFolder(async (place) => {
    for (const topic of ["a", "b"]) {
      await ctl(["topic", "create", "--name", topic, "--topic.num_partitions", "3", ...place.driver]);
    }
    const base64 = Array.from({ length: 300 }, (_, id) => btoa(String.fromCharCode(id % 256).repeat(id)))
      .join("\n");
    await ctl([
      "produce",
      "a",
      "--format",
      "base64",
      "--metadata",
      '{"big": 12345678901234567890}',
      ...place.driver,
    ], { input: base64 });
    const path = writeConfig(place, policy("a", "b"));
    const daemon = startCtl(["forward", "--config", path]);
    await until("all are there", async () => (await linesOf(place, "b")).length === 300);
    daemon.signal("SIGTERM");
    assertEquals((await daemon.ended).code, 0);
    const show = (topic: string) => linesOf(place, topic, "--data", "base64");
    assertEquals((await show("b")).sort(), (await show("a")).sort());
    for (const partition of ["0", "1", "2"]) {
      const only = ["--partition", partition, "--data", "base64"];
      assertEquals(await linesOf(place, "b", ...only), await linesOf(place, "a", ...only));
    }
    await ctl(["produce", "a", ...place.driver], { input: '"new"\n' });
    const again = startCtl(["forward", "--config", path]);
    await until("the new one is there", async () => (await linesOf(place, "b")).includes('"new"'));
    again.signal("SIGINT");
    assertEquals((await again.ended).code, 0);
    assertEquals((await linesOf(place, "b")).length, 301);
    const lag = await ctl(["consumer", "lag", "a", "--name", "local/a->local/b", "--json", ...place.driver]);
    assertEquals(JSON.parse(lag.stdout).events, 0);
  });
});

test("selectors and allocators from modules next to the file choose the data", async () => {
  await withFolder(async (place) => {
    await create(place, "a", "b");
    for (const [number, text] of [[1, "abcdef"], [2, "ghijkl"], [3, "mnopqr"]]) {
      const words = ["produce", "a", "--format", "base64", "--metadata", `{"n": ${number}}`, ...place.driver];
      await ctl(words, { input: btoa(String(text)) });
    }
    writeFileSync(
      join(place.folder, "selectors.ts"),
      `export const odd = (metadata: { n: number }, descriptor: { makeSubView(o: number, s: number): unknown }) =>
        metadata.n % 2 === 1 ? descriptor.makeSubView(1, 3) : null;
      export const two = (_metadata: unknown, descriptor: { size: number }) =>
        [pool.subarray(0, 1), pool.subarray(1, descriptor.size)];
      const pool = new Uint8Array(100);
      export const number = 5;`,
    );
    const plugins = ['data_selector: "./selectors.ts:odd"', 'data_allocator: "./selectors.ts:two"'];
    const daemon = startCtl(["forward", "--config", writeConfig(place, policy("a", "b", ...plugins))]);
    await until("all are there", async () => (await linesOf(place, "b")).length === 3);
    daemon.signal("SIGTERM");
    assertEquals((await daemon.ended).code, 0);
    assertEquals(await linesOf(place, "b", "--data", "base64"), [
      `{"n": 1}\t${btoa("bcd")}`,
      '{"n": 2}\t',
      `{"n": 3}\t${btoa("nop")}`,
    ]);

    for (
      const [reference, part] of [
        ["./selectors.ts:none", 'an export named "none"'],
        ["./nowhere.ts:odd", "no such file"],
        ["./selectors.ts", "is MODULE:EXPORT"],
        ["./selectors.ts:number", "is not a function"],
      ]
    ) {
      const path = writeConfig(place, policy("a", "b", `data_selector: "${reference}"`));
      const { code, stderr } = await ctl(["forward", "--config", path]);
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, `"${path}" line 6: `);
      assertStringIncludes(stderr, part);
    }
  });
});

test("anything wrong in the file stops the daemon at once, naming the line", async () => {
  await withFolder(async (place) => {
    await create(place, "a", "b");
    const forward = (path: string) => ctl(["forward", "--config", path]);
    const missing = await forward(writeConfig(place, policy("a", "b"), policy("a", "nope")));
    assertEquals(missing.code, 4);
    assertMatch(missing.stderr, /forward\.yaml" line 7: Cannot open topic "nope"/);
    const path = join(place.folder, "wrong.yaml");
    for (
      const [text, part] of [
        ["drivers: [\n", "line "],
        ["drivers:\n---\nforward:\n", "line 2: a second document begins here"],
        [
          "drivers:\n  x: { type: nope }\nforward:\n  - { from: x/a, to: x/b }\n",
          'line 2: Cannot open driver "nope"',
        ],
        [
          "drivers:\n  x: { type: files, options: { root_pth: a } }\nforward:\n  - { from: x/a, to: x/b }\n",
          'line 2: Cannot use files driver option "root_pth"',
        ],
      ]
    ) {
      writeFileSync(path, text);
      const { code, stderr } = await forward(path);
      assertEquals([code, stderr.split("\n").length], [2, 2], stderr);
      assertStringIncludes(stderr, part);
    }
    assertEquals((await forward(join(place.folder, "nowhere.yaml"))).code, 2);
  });
});

test("a driver without a root_path is forwarded with a warning that says which store that is", async () => {
  await withFolder(async ({ folder }) => {
    const store = join(folder, "diaspora_data");
    for (const topic of ["a", "b"]) await ctl(["topic", "create", topic, "--store", store]);
    const path = join(folder, "forward.yaml");
    writeFileSync(path, "drivers:\n  x: { type: files }\nforward:\n  - { from: x/a, to: x/b }\n");
    const daemon = startCtl(["forward", "--config", path], { folder });
    await until("it forwards", () => daemon.stderr().includes("Forwarding"));
    daemon.signal("SIGTERM");
    assertEquals((await daemon.ended).code, 0);
    assertMatch(daemon.stderr(), /No store is named for driver "x": using ".*diaspora_data"/);
  });
});

test("events that retention removed before they were forwarded are logged, and the rest is forwarded", async () => {
  await withFolder(async (place) => {
    await create(place, "b");
    await ctl(["topic", "create", "--name", "a", "--topic.segment_bytes", "65536", ...place.driver]);
    const path = writeConfig(place, policy("a", "b"));
    await ctl(["produce", "a", ...place.driver], { input: '"first"\n' });
    await ctl(["consumer", "seek", "a", "--name", "local/a->local/b", "--to", "0", ...place.driver]);
    const input = Array.from({ length: 3000 }, (_, id) => JSON.stringify({ id, text: "x".repeat(100) })).join(
      "\n",
    );
    await ctl(["produce", "a", "--batch-size", "100", ...place.driver], { input });
    await ctl(["topic", "trim", "a", "--before-id", "2000", "--yes", ...place.driver]);
    const rest = await linesOf(place, "a");
    assertGreater(3000, rest.length);
    const daemon = startCtl(["forward", "--config", path]);
    await until("the rest is there", async () => (await linesOf(place, "b")).length === rest.length);
    daemon.signal("SIGTERM");
    assertEquals((await daemon.ended).code, 0);
    assertEquals(await linesOf(place, "b"), rest);
    assertStringIncludes(daemon.stderr(), "they were removed from the source");
  });
});

test("a policy that fails is retried and does not stop the others", async () => {
  await withFolder(async (place) => {
    await create(place, "a", "b");
    const schema = ["--validator", "schema", "--validator.schema", '{"type": "object"}'];
    await ctl(["topic", "create", "--name", "strict", ...schema, ...place.driver]);
    await ctl(["produce", "a", ...place.driver], { input: '{"n": 1}\n"text"\n{"n": 2}\n' });
    const path = writeConfig(place, policy("a", "strict"), policy("a", "b"));
    const daemon = startCtl(["forward", "--config", path]);
    await until("the other policy is done", async () => (await linesOf(place, "b")).length === 3);
    await until("it was tried twice", () => daemon.stderr().split("trying again").length > 2);
    daemon.signal("SIGTERM");
    assertEquals((await daemon.ended).code, 0);
    assertStringIncludes(daemon.stderr(), '"local/a->local/strict" failed: ');
    const lag = await ctl([
      "consumer",
      "lag",
      "a",
      "--name",
      "local/a->local/strict",
      "--json",
      ...place.driver,
    ]);
    assertGreater(JSON.parse(lag.stdout).events, 0);
  });
});

test(`nothing is lost when the daemon is killed ${KILLS} times, and nothing acknowledged that is not stored`, async () => {
  await withFolder(async (place) => {
    await create(place, "a", "b");
    const path = writeConfig(place, policy("a", "b"));
    const total = 200_000;
    const producer = startCtl(["produce", "a", ...place.driver], { keepInput: true });
    let pushed = 0;
    const push = (count: number): void => {
      const lines = Array.from({ length: count }, () => `{"id":${pushed++}}\n`);
      producer.child.stdin!.write(lines.join(""));
    };
    let seed = 20261123;
    const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below;
    for (let kill = 0; kill < KILLS; kill++) {
      const daemon = startCtl(["forward", "--config", path]);
      push(total / KILLS);
      // From before it has opened anything until well into its work.
      await pause(60 + random(440));
      daemon.signal("SIGKILL");
      await daemon.ended;
      if (kill % 10 === 9) await assertAcknowledgedIsStored(place);
    }
    producer.child.stdin!.end();
    assertEquals((await producer.ended).code, 0);
    const daemon = startCtl(["forward", "--config", path]);
    const lag = async () => {
      const { stdout } = await ctl([
        "consumer",
        "lag",
        "a",
        "--name",
        "local/a->local/b",
        "--json",
        ...place.driver,
      ]);
      return JSON.parse(stdout).events;
    };
    await until("everything is forwarded", async () => await lag() === 0, 4 * PATIENCE_MS);
    // The last one may have nothing left to do, and must have started before it is stopped.
    await until("it forwards", () => daemon.stderr().includes("Forwarding"));
    daemon.signal("SIGTERM");
    assertEquals((await daemon.ended).code, 0);
    const ids = (await linesOf(place, "b")).map((line) => JSON.parse(line).id as number);
    assertEquals(new Set(ids).size, total);
    // What was not acknowledged is forwarded again, from its start: each restart repeats a run, and skips
    // nothing.
    let most = -1;
    for (const id of ids) {
      assert(id <= most + 1, `event ${id} came after ${most}`);
      most = Math.max(most, id);
    }
    assertEquals(most, total - 1);
  });
});

/** The position of the policy is not after what the destination has. */
async function assertAcknowledgedIsStored(place: Place): Promise<void> {
  const lag = await ctl(["consumer", "lag", "a", "--name", "local/a->local/b", "--json", ...place.driver]);
  const { position } = JSON.parse(lag.stdout).partitions[0];
  const last = (await linesOf(place, "b", "--from", "-1")).map((line) => JSON.parse(line).id as number);
  assert(position === 0 || last[0] >= 0, "acknowledged, and nothing stored");
  const stored = new Set((await linesOf(place, "b")).map((line) => JSON.parse(line).id as number));
  for (let id = 0; id < position; id++) assert(stored.has(id), `event ${id} is acknowledged and not stored`);
}
