import { assertEquals } from "@std/assert";
import { LeaderEpochs } from "../../../../src/drivers/kafka/fetch/leader_epochs.ts";
import { test } from "../../../harness.ts";

/** Epoch 2 below 10, epoch 5 below 20, epoch 6 below 25. */
function known(): LeaderEpochs {
  const epochs = new LeaderEpochs();
  epochs.add(2, 4, 8);
  epochs.add(2, 8, 10);
  epochs.add(5, 10, 20);
  epochs.add(6, 20, 25);
  return epochs;
}

test("the epoch before an id is that of the event before it, and unknown if it was not read", () => {
  const epochs = known();
  assertEquals([0, 4, 5, 10, 11, 20, 21, 25, 26].map((id) => epochs.before(id)), [
    -1,
    -1,
    2,
    2,
    5,
    5,
    6,
    6,
    -1,
  ]);
});

test("after a gap, an unknown epoch or one that is lower, which is damage, nothing before it is known", () => {
  for (const [epoch, first] of [[7, 30], [-1, 25], [5, 25]]) {
    const epochs = known();
    epochs.add(epoch, first, 40);
    assertEquals([20, 25].map((id) => epochs.before(id)), [-1, -1]);
    assertEquals(epochs.before(40), epoch === 7 ? 7 : -1);
    epochs.add(8, 40, 50);
    assertEquals(epochs.before(50), 8);
  }
});

for (
  const [what, epoch, endId, at] of [
    ["has all that was read", 6, 25, undefined],
    ["has more of the same leader", 6, 90, undefined],
    ["has less of the same leader", 6, 22, 22],
    ["has another leader's events since an earlier one", 5, 15, 15],
    ["has more of an earlier leader than was read", 5, 40, 20],
    ["has other events of a leader between", 3, 12, 10],
    ["has other events since before what was read", 1, 3, 3],
    ["knows none of the leaders", -1, -1, 25],
  ] as const
) {
  test(`a log that ${what} differs ${at === undefined ? "nowhere" : `from ${at} on`}`, () => {
    assertEquals(known().divergence({ epoch, endId }, 25), at);
  });
}

test("what was cut off is forgotten", () => {
  const epochs = known();
  epochs.cutOff(20);
  assertEquals([20, 21, 25].map((id) => epochs.before(id)), [5, -1, -1]);
  epochs.add(9, 20, 22);
  assertEquals([20, 22].map((id) => epochs.before(id)), [5, 9]);
});

test("only the latest leaders are remembered", () => {
  const epochs = new LeaderEpochs();
  for (let n = 0; n < 150; n++) epochs.add(n, n, n + 1);
  assertEquals([40, 60, 150].map((id) => epochs.before(id)), [-1, 59, 149]);
});
