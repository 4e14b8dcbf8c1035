// The memory of a producer or a consumer, however many events it handles. The runtimes collect garbage when
// they please, so they are configured to keep little: what remains is what the library holds.
import { assertEquals, assertLess } from "@std/assert";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Driver } from "../../mod.ts";
import { test } from "../harness.ts";
import { commandOf, LITTLE_HEAP, ROOT, RUNTIMES } from "./runtimes.ts";

const PROGRAM = fileURLToPath(new URL("memory_child.ts", import.meta.url));
/** The limit for each producer and each consumer, besides the user's own buffers. */
const GROWTH_MIB_MAX = 64;
const SMALL_EVENTS = 1_000_000;
const LARGE_EVENTS = 4_000;
const LARGE_BYTES = 64 * 1024;

for (const runtime of Object.keys(LITTLE_HEAP)) {
  const skip = whyNot(runtime);

  test(
    `a million events go through a producer and consumers within 64 MiB each, on ${runtime}`,
    { skip },
    () =>
      withTopic((rootPath) => {
        for (const task of ["push", "batches", "events"]) {
          assertBounded(runtime, rootPath, task, SMALL_EVENTS, 0);
        }
      }),
  );

  test(
    `256 MiB of data go through a producer and a consumer within 64 MiB each, on ${runtime}`,
    { skip },
    () =>
      withTopic((rootPath) => {
        for (const task of ["push", "data"]) {
          assertBounded(runtime, rootPath, task, LARGE_EVENTS, LARGE_BYTES);
        }
      }),
  );
}

function whyNot(runtime: string): string | false {
  if (!existsSync("/proc/self/status")) return "only Linux tells the most a process ever took";
  return RUNTIMES.includes(runtime) ? false : `${runtime} is not installed: run npm ci first`;
}

function assertBounded(
  runtime: string,
  rootPath: string,
  task: string,
  count: number,
  dataBytes: number,
): void {
  const [command, ...args] = commandOf(runtime, PROGRAM, [rootPath, task, String(count), String(dataBytes)]);
  const output = execFileSync(command, args, {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, ...LITTLE_HEAP[runtime] },
  });
  const { seen, grownMiB } = JSON.parse(output);
  assertEquals(seen, count);
  assertLess(grownMiB, GROWTH_MIB_MAX, `${task} grew by ${grownMiB} MiB`);
}

async function withTopic(body: (rootPath: string) => void): Promise<void> {
  const rootPath = mkdtempSync(join(tmpdir(), "diaspora-memory-"));
  try {
    await using driver = await Driver.open("files", { root_path: rootPath });
    await driver.createTopic("events", { num_partitions: 1 });
    body(rootPath);
  } finally {
    rmSync(rootPath, { recursive: true, force: true });
  }
}
