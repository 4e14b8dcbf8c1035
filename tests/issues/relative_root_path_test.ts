// A relative root_path was resolved at every call: after the program changed its working directory, its topics
// were "deleted", and new ones were created elsewhere. In a working directory that was removed, Bun made them in a folder
// of its own.
import { assert, assertEquals } from "@std/assert";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawn } from "../child_processes.ts";
import { test } from "../harness.ts";
import { commandOf, ROOT, RUNTIMES } from "../processes/runtimes.ts";

// The working directory belongs to the whole process, in which other tests run.
const PROGRAM = fileURLToPath(new URL("../processes/wandering_program.ts", import.meta.url));

for (const runtime of RUNTIMES) {
  test(
    `a relative root_path is resolved when the driver is opened, on ${runtime}`,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "diaspora-relative-"));
      try {
        mkdirSync(`${folder}/elsewhere`);
        const [program, ...rest] = commandOf(runtime, PROGRAM, [folder]);
        const output = await new Promise<string>((resolve, reject) => {
          const child = spawn(program, rest, {
            cwd: ROOT,
            stdio: ["ignore", "pipe", "pipe"],
            timeout: 120_000,
          });
          let text = "";
          child.stdout.on("data", (bytes) => text += String(bytes));
          child.stderr.on("data", (bytes) => text += String(bytes));
          child.on("error", reject);
          child.on("close", () => resolve(text));
        });
        assertEquals(output.trim(), "done");
        for (const path of ["topic", "second"]) {
          assert(existsSync(`${folder}/store/${path}/topic.json`), path);
        }
        assert(existsSync(`${folder}/cpp/topic/partitions/00000000/index`));
        assert(existsSync(`${folder}/diaspora_data/by-default/topic.json`));
        assertEquals(readFileSync(`${folder}/cpp/topic/partitions/00000000/index`).byteLength, 64);
        assert(!existsSync(`${folder}/elsewhere/store`));
        assert(!existsSync(`${folder}/elsewhere/cpp`));
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
}
