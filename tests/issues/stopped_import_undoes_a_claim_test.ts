// An import was stopped for more than five seconds, just when it had looked whether the topic was still claimed by it.
// Another one took it for dead, and claimed the topic. The first one continued, and wrote its name over the other's
// with its next sign of life, or removed the other's claim when it was done: a third import was let in then, and took
// the draft away from the second.
import { assertEquals, assertGreater } from "@std/assert";
import { claimTopic } from "../../src/drivers/files/claim.ts";
import { machine } from "../../src/drivers/files/machine.ts";
import { ROOT } from "../drivers/files/simulated_folder.ts";
import { test } from "../harness.ts";
import { ScriptedEnvironment } from "../groups/scripted_environment.ts";
import type { StorageFile } from "../../src/storage/port.ts";
import { SimulatedDisk } from "../simulation/disk/disk.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";
import { interruptOnce } from "../simulation/interrupt_once.ts";

const PATH = `${ROOT}/.filling-t`;

/** Another process claims the topic at each moment of what the holder does; returns how many moments there are. */
async function atEachMoment(
  work: (claim: AsyncDisposable, clock: ScriptedEnvironment) => Promise<void> | void,
): Promise<number> {
  for (let moment = 0;; moment++) {
    const disk = new SimulatedDisk(1);
    const [holder, other] = [new SimulatedProcess(disk), new SimulatedProcess(disk)];
    holder.makeDirectory(ROOT);
    const clock = new ScriptedEnvironment();
    const claim = await claimTopic(holder, ROOT, "t", clock);
    const text = JSON.stringify({ token: "other", host: "elsewhere", pid: 7, beats: 3 });
    const end = interruptOnce(disk, moment, () => {
      other.remove(PATH);
      other.publish(PATH, new TextEncoder().encode(text));
    });
    await work(claim, clock);
    if (!end()) return moment;
    assertEquals(claimsIn(other), [text], `moment ${moment}`);
  }
}

/** The content of all claims, also of one that was moved aside. */
function claimsIn(disk: SimulatedProcess): string[] {
  return disk.list(ROOT).map((name) => new TextDecoder().decode(disk.readWhole(`${ROOT}/${name}`)));
}

test("the claim of another import stays, whenever the one before was stopped in its signs of life", async () => {
  const moments = await atEachMoment((_claim, clock) => {
    for (let count = 0; count < 2; count++) for (const beat of clock.timers.values()) beat();
  });
  assertGreater(moments, 3);
});

test("the claim of another import stays, whenever the one before was stopped as it ended", async () => {
  const moments = await atEachMoment((claim) => Promise.resolve(claim[Symbol.asyncDispose]()));
  assertGreater(moments, 3);
});

// So did one that was stopped when it had seen that the claim was a dead import's, and was about to remove it.
test("the claim of an import stays that was made while another one was about to remove that of a dead one", async () => {
  const dead = JSON.stringify({ token: "dead", host: "far away", pid: 7, beats: 3 });
  for (let moment = 0, isTakenOver = true; isTakenOver; moment++) {
    const disk = new SimulatedDisk(1);
    const [late, other] = [new SimulatedProcess(disk), new SimulatedProcess(disk)];
    late.makeDirectory(ROOT);
    other.publish(PATH, new TextEncoder().encode(dead));
    let beats = 0;
    const beat = () =>
      new TextEncoder().encode(JSON.stringify({ token: "other", host: "elsewhere", pid: 7, beats: ++beats }));
    const clock = new ScriptedEnvironment();
    // The other one shows signs of life while this one waits.
    clock.sleep = () => {
      if (beats > 0) other.replace(PATH, beat());
      return Promise.resolve();
    };
    const end = interruptOnce(disk, moment, () => {
      other.remove(PATH);
      other.publish(PATH, beat());
    });
    await claimTopic(late, ROOT, "t", clock).then((claim) => claim[Symbol.asyncDispose](), () => {});
    isTakenOver = end();
    if (!isTakenOver) continue;
    assertEquals(claimsIn(other).map((text) => JSON.parse(text).token), ["other"], `moment ${moment}`);
  }
});

// For a few calls the other's claim was moved aside. A third import, which came just then, was let in; then its claim was
// written over with the other's, and its place was free as soon as that one was done, for a fourth.
test("no third import is let in beside the claim that one which was stopped moves aside, at any moment", async () => {
  // No process has this id.
  const dead = JSON.stringify({ token: "dead", machine: machine.self.host, pid: 2 ** 30, beats: 3 });
  let refused = 0;
  for (let moment = 0, later = 1; later > 0; moment++) {
    for (later = 0;; later++) {
      const disk = new SimulatedDisk(1);
      const [late, other, third] = Array.from({ length: 3 }, () => new SimulatedProcess(disk));
      late.makeDirectory(ROOT);
      other.publish(PATH, new TextEncoder().encode(dead));
      // The other import shows signs of life in its own file, whatever its name is.
      let file: StorageFile | undefined;
      let beats = 0;
      const beat = () =>
        new TextEncoder().encode(
          JSON.stringify({ token: "other", host: "elsewhere", pid: 8, beats: ++beats % 10 }),
        );
      const clock = new ScriptedEnvironment();
      clock.sleep = () => {
        file?.writeAt(beat(), 0);
        return Promise.resolve();
      };
      let result: Promise<unknown> | undefined;
      let endLater = () => false;
      const end = interruptOnce(disk, moment, () => {
        other.remove(PATH);
        other.publish(PATH, beat());
        file = other.open(PATH, "update");
        endLater = interruptOnce(disk, later, () => {
          result = claimTopic(third, ROOT, "t", clock).catch((error) => error.code);
        });
      });
      await claimTopic(late, ROOT, "t", clock).then((claim) => claim[Symbol.asyncDispose](), () => {});
      if (!end() || !endLater()) break;
      assertEquals(await result, "ERR_TRANSFER_IN_PROGRESS", `moments ${moment} and ${later}`);
      assertEquals(
        claimsIn(other).map((text) => JSON.parse(text).token),
        ["other"],
        `moments ${moment} and ${later}`,
      );
      refused++;
    }
  }
  assertGreater(refused, 30);
});
