// A process that cannot open any more files.
import { assertEquals } from "@std/assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver } from "../../mod.ts";
import { test } from "../harness.ts";
import { ObedientChild } from "./obedient_child.ts";
import { RUNTIMES } from "./runtimes.ts";

const REFUSED = "failed ERR_STORAGE EMFILE true";

for (const runtime of RUNTIMES) {
  test(`a ${runtime} process without free file descriptors fails what needs one, and recovers`, async () => {
    const rootPath = await mkdtemp(join(tmpdir(), "diaspora-limit-"));
    try {
      await using driver = await Driver.open("files", { root_path: rootPath });
      await driver.createTopic("limited", { segment_bytes: 4096 });
      const place = { runtime, rootPath, topic: "limited" };
      await ObedientChild.during(place, { shell: 'ulimit -n 200; exec "$@"' }, async (child) => {
        // Nothing is open yet: the log can neither be written nor read.
        assertEquals(await child.order("exhaust"), "exhausted EMFILE");
        assertEquals(await child.order("push"), REFUSED);
        assertEquals(await child.order("release"), "released");
        assertEquals(await child.order("push"), "stored 0");
        assertEquals(await child.order("exhaust"), "exhausted EMFILE");
        // The producer's file is closed for that of the consumer, and the other way round.
        assertEquals(await child.order("pull"), "event 0");
        assertEquals(await child.order("push"), "stored 1");
        assertEquals(await child.order("release"), "released");
        assertEquals(await child.order("acknowledge"), "acknowledged");

        // The consumer has its files open, too, and the next segment replaces the previous one.
        assertEquals(await child.order("exhaust"), "exhausted EMFILE");
        assertEquals(await child.order("pull"), "event 1");
        assertEquals(await child.order("acknowledge"), "acknowledged");
        assertEquals(await child.order("push 4000"), "stored 2");
        assertEquals(await child.order("push"), "stored 3");
        assertEquals(await child.order("pull"), "event 2");
        assertEquals(await child.order("release"), "released");
        assertEquals(await child.order("pull"), "event 3");
        assertEquals(await child.order("acknowledge"), "acknowledged");
      });
      await using topic = await driver.openTopic("limited");
      assertEquals((await topic.describe())[0].nextId, 4);
      assertEquals((await topic.lag("obeying"))[0].events, 0);
    } finally {
      await rm(rootPath, { recursive: true });
    }
  });
}
