// The system lets a user watch a limited number of files. When the tests of four runtimes had used them up, "doctor"
// called the folder of a store unusable, and exited with 1; consumers only go on by polling then.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { EventEmitter } from "node:events";
import type { FSWatcher } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkWatching } from "../../src/ctl/doctor/folder.ts";
import { test } from "../harness.ts";

const refusal = (): Error =>
  Object.assign(new Error("ENOSPC: no space left on device, watch"), { code: "ENOSPC" });

/** A watcher that only reports an error. */
class RefusedLater extends EventEmitter {
  constructor() {
    super();
    setTimeout(() => this.emit("error", refusal()));
  }

  close(): void {}
}

const REFUSALS: Record<string, () => FSWatcher> = {
  "at once": () => {
    throw refusal();
  },
  "later": () => new RefusedLater() as unknown as FSWatcher,
};

for (const [when, refuse] of Object.entries(REFUSALS)) {
  test(`a system that refuses ${when} to watch a folder is a limitation with a remedy, not a fault`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "diaspora-doctor-"));
    try {
      const { verdict, detail } = await checkWatching(folder, refuse);
      assertEquals(verdict, "warn");
      assertStringIncludes(detail, "ENOSPC");
      assertStringIncludes(detail, "consumers fall back on polling");
      assertStringIncludes(detail, "fs.inotify.max_user_instances");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}
