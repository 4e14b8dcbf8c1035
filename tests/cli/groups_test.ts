// Programs that share the partitions of a topic under one consumer name.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness.ts";
import { ctl, type Place, type Running, startCtl, until, withFolder } from "./program.ts";

const PARTITIONS = 4;

async function make(place: Place, ...topics: string[]): Promise<void> {
  for (const topic of topics) {
    await ctl([
      "topic",
      "create",
      "--name",
      topic,
      "--topic.num_partitions",
      `${PARTITIONS}`,
      ...place.driver,
    ]);
  }
}

async function produce(place: Place, first: number, count: number): Promise<void> {
  const input = Array.from({ length: count }, (_, index) => `${first + index}\n`).join("");
  await ctl(["produce", "jobs", ...place.driver], { input });
}

/** What `consumer list` prints about the members of the only name. */
async function members(place: Place): Promise<{ pid: number; partitions: number[] }[]> {
  const { stdout } = await ctl(["consumer", "list", "jobs", "--json", ...place.driver]);
  return stdout === "" ? [] : JSON.parse(stdout).members ?? [];
}

async function untilShared(place: Place, ...counts: number[]): Promise<void> {
  await until("the partitions are shared", async () => {
    const found = (await members(place)).map(({ partitions }) => partitions.length).sort();
    return String(found) === String(counts);
  });
}

async function end(...programs: Running[]): Promise<void> {
  for (const program of programs) program.signal("SIGTERM");
  for (const program of programs) await program.ended;
}

function linesOf(program: Running): number[] {
  return program.stdout().split("\n").filter((line) => line !== "").map(Number);
}

test("consume --group gives each event to one of several consumers, and list and lag show the owners", async () => {
  await withFolder(async (place) => {
    await make(place, "jobs");
    const words = ["consume", "jobs", "--name", "workers", "--group", "--ack", "--follow", ...place.driver];
    const workers = [startCtl(words), startCtl(words)];
    try {
      await untilShared(place, 2, 2);
      await produce(place, 0, 40);
      await until("all are printed", () => workers.flatMap(linesOf).length >= 40);
      assertEquals(
        workers.flatMap(linesOf).sort((one, other) => one - other),
        Array.from({ length: 40 }, (_, n) => n),
      );
      assert(workers.every((worker) => linesOf(worker).length > 0));
      const pids = workers.map(({ child }) => child.pid!);
      const lag = await ctl(["consumer", "lag", "jobs", "--name", "workers", ...place.driver]);
      assertStringIncludes(lag.stdout.split("\n")[0], "owner");
      for (const pid of pids) assertStringIncludes(lag.stdout, `process ${pid} on `);
      const json = JSON.parse((await ctl(["consumer", "lag", "jobs", "--json", ...place.driver])).stdout);
      assertEquals(json.members.map(({ pid }: { pid: number }) => pid).sort(), pids.sort());
      assert(json.partitions.every(({ owner }: { owner?: string }) => owner !== undefined));
      // If one is killed, its partitions go to the other.
      workers[0].signal("SIGKILL");
      await untilShared(place, 4);
      await produce(place, 40, 20);
      await until("the other prints them", () => linesOf(workers[1]).filter((n) => n >= 40).length === 20);
    } finally {
      await end(...workers);
    }
    assertEquals(await members(place), []);
    const lag = await ctl(["consumer", "lag", "jobs", ...place.driver]);
    assert(!lag.stdout.includes("owner"));
  });
});

test("consume --group refuses options that exclude it", async () => {
  await withFolder(async (place) => {
    await make(place, "jobs");
    for (
      const [words, why] of [
        [["--group"], '"--group" needs a consumer name'],
        [["--group", "--name", "w", "--partition", "1"], '"--group" and "--partition" exclude each other'],
        [["--group", "--name", "w", "--from", "-3"], '"--group" begins at one place for all'],
      ] as const
    ) {
      const { code, stderr } = await ctl(["consume", "jobs", ...words, ...place.driver]);
      assertEquals(code, 2);
      assertStringIncludes(stderr, why);
    }
    const member = startCtl(["consume", "jobs", "--name", "w", "--group", "--follow", ...place.driver]);
    try {
      await untilShared(place, 4);
      const lone = await ctl(["consume", "jobs", "--name", "w", ...place.driver]);
      assertEquals(lone.code, 1);
      assertStringIncludes(lone.stderr, "consumers of that name share its partitions as a group");
    } finally {
      await end(member);
    }
  });
});

test("two programs that forward one topic with group: true forward each event once", async () => {
  await withFolder(async (place) => {
    await make(place, "jobs", "copy");
    const path = join(place.folder, "forward.yaml");
    writeFileSync(
      path,
      `drivers:\n  local: { type: files, options: { root_path: ${JSON.stringify(place.root)} } }\n` +
        "forward:\n  - from: local/jobs\n    to: local/copy\n    group: true\n",
    );
    const programs = [startCtl(["forward", "--config", path]), startCtl(["forward", "--config", path])];
    try {
      await untilShared(place, 2, 2);
      await produce(place, 0, 50);
      const copied = async () =>
        (await ctl(["consume", "copy", ...place.driver])).stdout.split("\n").filter((line) => line !== "")
          .map(Number);
      await until("all are copied", async () => (await copied()).length >= 50);
      assertEquals(
        (await copied()).sort((one, other) => one - other),
        Array.from({ length: 50 }, (_, n) => n),
      );
    } finally {
      await end(...programs);
    }
  });
});
