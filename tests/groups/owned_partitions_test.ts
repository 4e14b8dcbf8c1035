// What a member owns: several partitions that are assigned together, of which some cannot be read, or move meanwhile.
import { assertEquals, assertThrows } from "@std/assert";
import { test } from "../harness.ts";
import { Scene } from "./scripted_members.ts";

test("partitions that cannot be read keep no others back, the first error is thrown, and the next poll tries again", () => {
  const scene = new Scene();
  const one = scene.member();
  one.onAssigned = (partition) => {
    if (partition === 1 || partition === 2) throw new Error(`cannot open ${partition}`);
  };
  assertThrows(() => one.membership.join(), Error, "cannot open 1");
  assertEquals([one.partitions, one.membership.owns(0), one.membership.owns(1)], ["03", true, false]);
  one.onAssigned = () => {};
  one.log.length = 0;
  one.membership.poll();
  assertEquals([one.partitions, one.log], ["0123", ["+1", "+2"]]);
});

test("of partitions that are assigned together those that move meanwhile are lost, and the others stay", () => {
  const scene = new Scene();
  const one = scene.member();
  one.onAssigned = (partition) => {
    if (partition !== 3) return;
    scene.publish(({ shares, epoch }) => ({
      shares: shares.map((share, index) => index === 1 ? { owner: "other", epoch: epoch + 1 } : share),
    }));
  };
  one.membership.join();
  assertEquals([one.log, one.partitions], [["+0", "+1", "+2", "+3", "-1"], "023"]);
});

test("a member that cannot look whether partitions moved while it took them over has none of them", () => {
  const scene = new Scene();
  const one = scene.member();
  one.onAssigned = () => {
    scene.folder.before = (name) => {
      if (name === "list") throw new Error("cannot list");
    };
  };
  assertThrows(() => one.membership.join(), Error, "cannot list");
  assertEquals([one.partitions, one.log.slice(-4)], ["", ["-0", "-1", "-2", "-3"]]);
});
