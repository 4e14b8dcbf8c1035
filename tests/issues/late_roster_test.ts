// A member was stopped just before it published a roster. Others published that epoch, and many after it, and
// removed it; then the first one continued, and the file was there again, until it removed it itself. A third
// member, stopped since that epoch, asked in between whether it still owned its partition: the roster that it
// knew was there, the next one was not, so that it took its own for the current one and acknowledged events of a
// partition that was another member's.
import { assertEquals } from "@std/assert";
import { Membership } from "../../src/groups/membership.ts";
import { RosterFiles } from "../../src/groups/roster.ts";
import { ROOT, SimulatedFolder } from "../drivers/files/simulated_folder.ts";
import { test } from "../harness.ts";
import { ScriptedEnvironment } from "../groups/scripted_environment.ts";

test("a member does not own a partition because an old roster is there again", () => {
  const { storage } = new SimulatedFolder();
  const directory = `${ROOT}/group`;
  const listener = {
    onAssigned: () => [],
    onRevoking: () => true,
    onKept: () => {},
    onLost: () => {},
    onTurn: () => {},
    onError: (error: unknown): void => {
      throw error;
    },
  };
  const environment = new ScriptedEnvironment();
  const member = new Membership({
    storage,
    directory,
    environment,
    numPartitions: 1,
    timeoutMs: 1000,
    listener,
  });
  member.join();
  assertEquals(member.owns(0), true);
  const others = new RosterFiles(storage, directory, 1);
  const first = others.read()!;
  for (let epoch = 2; epoch < 8; epoch++) {
    others.publish(others.read(), { members: [], shares: [{ owner: "other", epoch }] });
  }
  const late = `${directory}/${String(first.epoch).padStart(16, "0")}.json`;
  assertEquals(storage.publish(late, new Uint8Array(1)), true);
  assertEquals(member.owns(0), false);
  // A poll that believes it corrects itself, and removes it.
  environment.nowMs = 5000;
  member.checkLease();
  assertEquals([storage.stat(late), others.read()!.members.length], [undefined, 1]);
});
