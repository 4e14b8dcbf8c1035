// Writes that the system cuts short or refuses, in real processes. Deno and Node complete a short write with a
// second one, and another process's append may come between the two.
import { assert, assertEquals, assertGreater } from "@std/assert";
import type { Outcome } from "../../processes/child/burst.ts";
import { RUNTIMES } from "../../processes/runtimes.ts";
import { test } from "../../harness.ts";
import { ERRNO, FailingCalls, whyNotFailing } from "./failing_calls.ts";
import { PushingChild } from "./pushing_child.ts";
import { checkStored, confirmedOf, withTopic } from "./stored.ts";

/** Bytes of data in each event; a frame has some 250 more. */
const SIZE = 3000;

for (const runtime of RUNTIMES) {
  const skip = { skip: whyNotFailing(runtime, "write") };

  for (const [what, bytes] of [["one byte", 1], ["its header alone", 64], ["half", 1600]] as const) {
    test(
      `writes of ${runtime} that take ${what} at first store everything once, beside another process`,
      skip,
      () =>
        withTopic({}, async (place) => {
          const { rootPath } = place;
          const calls = new FailingCalls(rootPath);
          await PushingChild.during(runtime, { rootPath, run: 1 }, { shell: calls.shell }, (cut) =>
            PushingChild.during("deno", { rootPath, run: 2 }, {}, async (whole) => {
              const outcomes = [...await cut.push(2, SIZE), ...await whole.push(2, SIZE)];
              // Every second one, with enough time for another append before the rest.
              for (let first = 1; first < 8; first += 2) {
                calls.plan({ call: "write", first, bytes, delayMs: 15 });
                const beside = async (): Promise<Outcome[]> => {
                  const pushed: Outcome[] = [];
                  for (let count = 0; count < 25; count++) {
                    pushed.push(...await whole.push(1, 200));
                    await new Promise((resolve) =>
                      setTimeout(resolve, 1)
                    );
                  }
                  return pushed;
                };
                outcomes.push(...(await Promise.all([cut.push(8, SIZE), beside()])).flat());
              }
              calls.letPass();
              const after = await cut.push(2, SIZE);
              assertEquals(confirmedOf(after).length, 2);
              assert(
                calls.notes().some(({ call, result }) =>
                  call === "write" && result === bytes
                ),
              );
              await checkStored(place, [...outcomes, ...after]);
            }));
        }),
    );
  }

  for (const error of Object.keys(ERRNO) as (keyof typeof ERRNO)[]) {
    test(
      `a write of ${runtime} that fails with ${error} fails that push at most, and the next ones are stored`,
      skip,
      () =>
        withTopic({}, async (place) => {
          const { rootPath } = place;
          const calls = new FailingCalls(rootPath);
          await PushingChild.during(runtime, { rootPath, run: 1 }, { shell: calls.shell }, async (child) => {
            const outcomes = await child.push(2, SIZE);
            for (let first = 1; first <= 4; first++) {
              calls.plan({ call: "write", first, error });
              outcomes.push(...await child.push(6, SIZE));
            }
            calls.letPass();
            const failed = outcomes.filter((outcome) => !("id" in outcome));
            // The runtime itself may retry after an interruption.
            if (error !== "EINTR") assertEquals(failed.length, 4);
            for (const { content, ...outcome } of failed) {
              assertEquals(outcome, { errno: error, mayBeStored: false }, JSON.stringify(content));
            }
            const after = await child.push(2, SIZE);
            assertEquals(confirmedOf(after).length, 2);
            await checkStored(place, [...outcomes, ...after]);
          });
        }),
    );
  }

  test(
    `a disk that fills up during a write of ${runtime} refuses that push, and affects no other`,
    skip,
    () =>
      withTopic({}, async (place) => {
        const { rootPath } = place;
        const calls = new FailingCalls(rootPath);
        await PushingChild.during(runtime, { rootPath, run: 1 }, { shell: calls.shell }, async (child) => {
          const outcomes = await child.push(2, SIZE);
          for (const bytes of [0, 1, 63, 64, 65, 1000, 3200]) {
            calls.plan({ call: "write", first: 1, last: 1000, bytes });
            // With one byte per write, a frame takes thousands of writes.
            outcomes.push(...await child.push(1, bytes === 1 ? 0 : SIZE));
            calls.letPass();
            outcomes.push(...await child.push(2, SIZE));
          }
          assertGreater(confirmedOf(outcomes).length, 15);
          await checkStored(place, outcomes);
        });
      }),
  );
}
