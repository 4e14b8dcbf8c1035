// A program on Deno with permissions for its store alone could not create a topic: "Cannot sync" the folder above
// the store or, if the store did not exist yet, "Cannot look at" it.
import { assertEquals, assertMatch } from "@std/assert";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { DENO_CONFIG } from "../../tools/deno_config.ts";
import { test } from "../harness.ts";
import { runBeside } from "../tools/run_beside.ts";

const LIBRARY = JSON.stringify(pathToFileURL(resolve("mod.ts")).href);

const PROGRAM = `
import { Driver } from ${LIBRARY};

await using driver = await Driver.open("files", { root_path: "./store" });
const validator = { type: "schema", schema: { type: "object" } };
await driver.createTopic("readings", { flush_behavior: "immediate" }, { validator, serializer: { type: "cbor" } });
await using topic = await driver.openTopic("readings");
await topic.producer().push({ energy: 42 }, new Uint8Array(3));
const event = await topic.consumer("reader").pull();
await event.acknowledge();
await topic.consumer("member", { group: true }).pull();
console.log(event.metadataText);
`;

async function run(folder: string, ...permissions: string[]): Promise<{ stdout: string; stderr: string }> {
  writeFileSync(join(folder, "program.ts"), PROGRAM);
  const words = ["run", "-q", "--no-prompt", "--no-check", "--no-lock", "-c", resolve(DENO_CONFIG)];
  return await runBeside(
    process.execPath,
    [...words, ...permissions, "program.ts"],
    { NO_COLOR: "1" },
    folder,
  );
}

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-permissions-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a program with permissions for its store alone creates it, and a topic in it", () =>
  withFolder(async (folder) => {
    const ofStore = ["--allow-read=store", "--allow-write=store"];
    const { stdout, stderr } = await run(folder, ...ofStore);
    assertEquals(stdout, '{"energy":42}\n', stderr);
    rmSync(join(folder, "store"), { recursive: true });
    mkdirSync(join(folder, "store"));
    const again = await run(folder, ...ofStore);
    assertEquals(again.stdout, '{"energy":42}\n', again.stderr);
  }));

test("a program without permissions for its store is shown the flag to add", () =>
  withFolder(async (folder) => {
    assertMatch((await run(folder, "--allow-read=store")).stderr, /StorageError: .*--allow-write/);
    assertMatch((await run(folder, "--allow-write=store")).stderr, /StorageError: .*--allow-read/);
  }));
