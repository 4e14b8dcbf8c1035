// Promise 12: once a sync of a file has failed, what was appended since the last successful sync is never
// confirmed. The system drops the pages, reports that once, and a later successful sync means nothing.
import { assert, assertEquals, assertGreater } from "@std/assert";
import { RUNTIMES } from "../../processes/runtimes.ts";
import { test } from "../../harness.ts";
import { FailingCalls, type Note, whyNotFailing } from "./failing_calls.ts";
import { PushingChild } from "./pushing_child.ts";
import { checkConfirmed, checkStored, confirmedOf, withTopic } from "./stored.ts";

const isSync = ({ call, path }: Note): boolean => call === "fdatasync" && path.endsWith(".log");

for (const runtime of RUNTIMES) {
  const skip = { skip: whyNotFailing(runtime, "fdatasync") };

  test(`${runtime} asks the disk for as many syncs as the durability level says`, skip, async () => {
    const expected = { buffered: [0, 0], on_flush: [0, 1], immediate: [3, 3] };
    for (const [flush_behavior, [afterPushes, afterFlush]] of Object.entries(expected)) {
      await withTopic({ flush_behavior }, async ({ rootPath }) => {
        const calls = new FailingCalls(rootPath);
        const syncs = (): number => calls.notes().filter(isSync).length;
        await PushingChild.during(runtime, { rootPath, run: 1 }, { shell: calls.shell }, async (child) => {
          for (let count = 0; count < 3; count++) await child.push(1, 10);
          assertEquals(syncs(), afterPushes, flush_behavior);
          assertEquals(await child.flush(), "flushed");
          assertEquals(syncs(), afterFlush, flush_behavior);
        });
        if (flush_behavior === "buffered") return;
        // The name of the segment is on disk too.
        assert(calls.notes().some(({ call, path }) => call === "fsync" && path.endsWith("/00000000")));
      });
    }
  });

  for (const producers of [1, 2]) {
    for (const [what, maxNumBatches] of [["waiting pushes", 64], ["pushes that block", 1]] as const) {
      test(
        `a failed sync of ${runtime} confirms nothing that it covered, nor later events: ${what}, ${producers} producers`,
        skip,
        () =>
          withTopic({ flush_behavior: "immediate" }, async (place) => {
            const { rootPath } = place;
            const calls = new FailingCalls(rootPath);
            const child = { rootPath, run: 1, producers, maxNumBatches };
            await PushingChild.during(runtime, child, { shell: calls.shell }, async (child) => {
              const before = await child.push(4, 100);
              assertEquals(confirmedOf(before).length, 4);
              calls.plan({ call: "fdatasync", first: 1, error: "EIO", delayMs: 50 });
              const during = await child.push(12, 100);
              calls.letPass();
              const after = await child.push(6, 100);
              const outcomes = [...before, ...during, ...after];

              assertEquals(checkConfirmed(rootPath, calls.notes(), outcomes).size, 1);
              const refused = during.filter((outcome) => !("id" in outcome));
              assertGreater(refused.length, 0);
              for (const outcome of refused) {
                assertEquals(outcome, { content: outcome.content, errno: "EIO", mayBeStored: true });
              }
              assertEquals(confirmedOf(after).length, 6);
              await checkStored(place, outcomes);
            });
          }),
      );
    }
  }

  test(
    `a failed sync of ${runtime} fails this flush and every later one, and pushes continue in a new segment`,
    skip,
    () =>
      withTopic({ flush_behavior: "on_flush" }, async (place) => {
        const { rootPath } = place;
        const calls = new FailingCalls(rootPath);
        await PushingChild.during(runtime, { rootPath, run: 1 }, { shell: calls.shell }, async (child) => {
          const outcomes = await child.push(3, 100);
          assertEquals(await child.flush(), "flushed");
          outcomes.push(...await child.push(3, 100));
          calls.plan({ call: "fdatasync", first: 1, error: "EIO" });
          assertEquals(await child.flush(), "failed EIO");
          calls.letPass();
          assertEquals(await child.flush(), "failed EIO");
          outcomes.push(...await child.push(3, 100));
          assertEquals(await child.flush(), "failed EIO");
          assertEquals(confirmedOf(outcomes).map(({ id }) => id), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
          await checkStored(place, outcomes);
          const { segments } = (await place.topic.describe())[0];
          assertEquals(segments, 2);
        });
      }),
  );
}

test(
  "a failed sync in two processes at once confirms nothing that either covered",
  {
    skip: RUNTIMES.map((runtime) => whyNotFailing(runtime, "fdatasync")).find((why) => why !== false) ??
      false,
  },
  () =>
    withTopic({ flush_behavior: "immediate" }, async (place) => {
      const { rootPath } = place;
      const calls = new FailingCalls(rootPath);
      const options = { shell: calls.shell };
      const [one, other] = [RUNTIMES[0], RUNTIMES[1] ?? RUNTIMES[0]];
      await PushingChild.during(one, { rootPath, run: 1 }, options, (first) =>
        PushingChild.during(other, { rootPath, run: 2, maxNumBatches: 2 }, options, async (second) => {
          const both = async (count: number) =>
            (await Promise.all([first.push(count, 50), second.push(count, 50)])).flat();
          const outcomes = await both(5);
          calls.plan({ call: "fdatasync", first: 2, last: 3, error: "EIO", delayMs: 20 });
          // A process that is kept from running may store all its pushes with one sync.
          const hasFailed = ({ pid }: PushingChild) =>
            calls.notes().some((note) =>
              note.pid === pid && isSync(note) && note.result < 0
            );
          do outcomes.push(...await both(20)); while (!hasFailed(first) || !hasFailed(second));
          calls.letPass();
          const after = await both(5);
          assertEquals(confirmedOf(after).length, 10);
          for (const { pid, run } of [first, second]) {
            // A successful sync by another process proves nothing about what this one wrote.
            const notes = calls.notes().filter((note) =>
              note.pid === pid
            );
            const own = outcomes.filter(({ content }) => content.run === run);
            assertGreater(checkConfirmed(rootPath, notes, own).size, 0);
          }
          await checkStored(place, [...outcomes, ...after]);
        }));
    }),
);
