import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DeadLetter } from "../../examples/work_queue/job.ts";
import { Driver } from "../../mod.ts";
import { type Running, start, until } from "../cli/program.ts";
import { test } from "../harness.ts";
import { RUNTIMES } from "./runtimes.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/work_queue/", import.meta.url));
const JOBS = 600;

test("every job is done although a worker is killed, and impossible ones become dead letters", async () => {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-work-"));
  const [store, results] = [join(folder, "store"), join(folder, "results")];
  const run = (runtime: string, program: string, ...words: string[]): Running =>
    start([...RUNTIMES[runtime], `${EXAMPLE}${program}`, ...words]);
  const workers: Running[] = [];
  try {
    const boss = await run("deno", "push_jobs.ts", store, String(JOBS)).ended;
    assertEquals([boss.code, boss.stdout.trim()], [0, `pushed ${JOBS} jobs`]);
    for (const runtime of Object.keys(RUNTIMES)) workers.push(run(runtime, "work.ts", store, results));
    const victim = run("bun", "work.ts", store, results);
    workers.push(victim);
    await until(
      "a worker works",
      () => victim.stdout().includes("working") || workers[0].stdout().includes("did"),
    );
    victim.signal("SIGKILL");
    for (const worker of workers.slice(0, -1)) {
      const { code, stdout, stderr } = await worker.ended;
      assertEquals(code, 0, stderr);
      assert(stdout.includes("did "), stdout);
    }
    const names = readdirSync(results).filter((name) => /^job-\d+\.txt$/.test(name));
    assertEquals(names.length, JOBS - JOBS / 10);
    assertEquals(readFileSync(join(results, "job-20.txt"), "utf8"), "2432902008176640000\n");

    await using driver = await Driver.open("files", { root_path: store });
    await using jobs = await driver.openTopic("jobs");
    assertEquals((await jobs.lag("workers")).reduce((sum, { events }) => sum + events, 0), 0);
    await using deadLetters = await driver.openTopic<DeadLetter>("dead_letters");
    await using reader = deadLetters.consumer("reader");
    const dead = new Set<string>();
    for await (const { metadata } of reader.events({ until: "end" })) {
      assertEquals([metadata.attempts, metadata.error], [
        3,
        `Error: there is no factorial of ${metadata.job.n}`,
      ]);
      dead.add(metadata.job.name);
    }
    assertEquals(dead.size, JOBS / 10);
    assert([...dead].every((name) => name.endsWith("9")));
  } finally {
    for (const worker of workers) worker.signal("SIGKILL");
    for (const worker of workers) await worker.ended;
    rmSync(folder, { recursive: true });
  }
});
