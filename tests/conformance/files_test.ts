// The files driver passes the whole contract, at every durability level. Node and Bun run one of them: the levels differ
// in when they call the storage, which is the same on every runtime.
import { assertEquals } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver } from "../../mod.ts";
import { everything, testDriver } from "../../src/testing/mod.ts";
import { test } from "../harness.ts";

const LEVELS = "Deno" in globalThis ? ["buffered", "on_flush", "immediate"] : ["on_flush"];

for (const flush_behavior of LEVELS) {
  const left = testDriver((name, body) => test(`files, ${flush_behavior}: ${name}`, body), {
    async factory() {
      const root_path = await mkdtemp(join(tmpdir(), "diaspora-conformance-"));
      return {
        open: () => Driver.open("files", { root_path }),
        dispose: () => rm(root_path, { recursive: true }),
      };
    },
    supports: everything,
    // Segments so small that every test with a little data fills several.
    topicOptions: { flush_behavior, segment_bytes: 4096 },
  });
  test(`files, ${flush_behavior}: only rules for drivers with missing features are left out`, () => {
    assertEquals(
      left.filter((name) => !name.includes("not supported") && !name.includes("refused where")),
      [],
    );
  });
}
