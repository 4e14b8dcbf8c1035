// A data part much larger than the memory that may be used for it: streamed in, read in pieces.
import { assert, assertEquals } from "@std/assert";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { test } from "../harness.ts";
import { commandOf, LITTLE_HEAP } from "./runtimes.ts";

const child = fileURLToPath(new URL("./large_data_child.ts", import.meta.url));
/** `DIASPORA_LARGE_MIB=4096` tests the largest possible part. */
const sizeMiB = Number(process.env.DIASPORA_LARGE_MIB ?? 512);
/** The memory limit for a producer and a consumer, besides the user's own buffers: 64 MiB each. */
const GROWTH_MIB_MAX = 128;

test("a data part of hundreds of MiB is streamed in and read in pieces within bounded memory", () => {
  const rootPath = mkdtempSync(join(tmpdir(), "diaspora-large-"));
  try {
    const [command, ...args] = commandOf("deno", child, [rootPath, String(sizeMiB * 1024 * 1024)]);
    // What then remains is the library's memory, and the pieces streamed in.
    const env = { ...process.env, ...LITTLE_HEAP.deno };
    const { isRight, grownMiB } = JSON.parse(execFileSync(command, args, { encoding: "utf8", env }));
    assertEquals(isRight, true);
    assert(grownMiB < GROWTH_MIB_MAX, `memory grew by ${grownMiB} MiB`);
  } finally {
    rmSync(rootPath, { recursive: true, force: true });
  }
});
