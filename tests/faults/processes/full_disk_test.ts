// A small disk that fills up and has room again, repeatedly, while two processes push.
import { assertEquals, assertGreater } from "@std/assert";
import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver } from "../../../mod.ts";
import type { Outcome } from "../../processes/child/burst.ts";
import { RUNTIMES } from "../../processes/runtimes.ts";
import { test } from "../../harness.ts";
import { SmallDisk, UNMOUNTABLE } from "../file_systems.ts";
import { PushingChild } from "./pushing_child.ts";
import { checkStored } from "./stored.ts";

const STORM_MS = 4000;
const PAUSE_MS = 15;
const DISK_BYTES = 24 << 20;

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A file that takes all free space, and releases some. */
class Filler {
  readonly #file: number;
  #bytes = 0;

  constructor(path: string) {
    this.#file = openSync(path, "w");
  }

  fill(): void {
    // Down to the last page.
    for (const page = new Uint8Array(4096);;) {
      try {
        this.#bytes += writeSync(this.#file, page, 0, page.byteLength, this.#bytes);
      } catch (error) {
        assertEquals((error as { code?: string }).code, "ENOSPC");
        return;
      }
    }
  }

  release(bytes: number): void {
    this.#bytes = Math.max(0, this.#bytes - bytes);
    ftruncateSync(this.#file, this.#bytes);
  }

  close(): void {
    closeSync(this.#file);
  }
}

for (const flush_behavior of ["buffered", "immediate"] as const) {
  for (const sizeMax of [900, 60_000]) {
    test(
      `two processes push up to ${sizeMax} bytes into a disk that fills up repeatedly: confirmed events are there once (${flush_behavior})`,
      { skip: UNMOUNTABLE },
      async () => {
        const disk = new SmallDisk(String(DISK_BYTES));
        const notes = mkdtempSync(join(tmpdir(), "diaspora-full-disk-"));
        try {
          const rootPath = `${disk.path}/data`;
          await using driver = await Driver.open("files", { root_path: rootPath });
          await driver.createTopic("events", { flush_behavior, segment_bytes: 1 << 20 });
          await using topic = await driver.openTopic("events");
          const filler = new Filler(`${disk.path}/filler`);
          const outcomes: Outcome[] = [];
          let storming = 2;
          let makeRoom = (): void => {};
          const roomForAll = new Promise<void>((resolve) => makeRoom = resolve);
          const storm = async (run: number): Promise<void> => {
            const runtime = RUNTIMES[run % RUNTIMES.length];
            await PushingChild.during(runtime, { rootPath, run, maxNumBatches: 2 }, {}, async (child) => {
              const file = join(notes, String(run));
              await child.storm(STORM_MS, sizeMax, file);
              outcomes.push(...JSON.parse(readFileSync(file, "utf8")));
              storming--;
              await roomForAll;
              // The same producer continues.
              const after = await child.push(3, 500);
              assertEquals(after.filter((outcome) => "errno" in outcome), []);
              outcomes.push(...after);
            });
          };
          const storms = Promise.all([storm(0), storm(1)]);
          const until = Date.now() + 60_000;
          for (let roomBytes = sizeMax; storming > 0 && Date.now() < until; roomBytes += 4096) {
            filler.fill();
            await sleep(PAUSE_MS);
            filler.release(roomBytes % (4 * sizeMax));
            await sleep(PAUSE_MS);
          }
          filler.release(DISK_BYTES);
          makeRoom();
          await storms;
          filler.close();
          const refused = outcomes.filter((outcome) => "errno" in outcome);
          assertGreater(refused.length, 0);
          assertEquals([...new Set(refused.map((outcome) => "errno" in outcome && outcome.errno))], [
            "ENOSPC",
          ]);
          await checkStored({ rootPath, topic }, outcomes);
        } finally {
          disk.remove();
          rmSync(notes, { recursive: true });
        }
      },
    );
  }
}
