// A consumer stores its first position, and its process is stopped for a while just after. Another consumer of
// that name concludes that the file's owner is gone, takes over the position and removes the file. When the
// first one resumed, it reported that the consumer had been deleted, although its acknowledgement was stored.
import { assert, assertEquals } from "@std/assert";
import { CursorFile } from "../../src/log/positions/cursor.ts";
import { test } from "../harness.ts";
import { SimulatedDisk } from "../simulation/disk/disk.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";
import { interruptOnce } from "../simulation/interrupt_once.ts";

const PATH = "/consumer/00000000.pos";
const HOUR_MS = 3_600_000;

test("an acknowledgement is stored even if another consumer of its name treats its file as idle", () => {
  let others = 0;
  for (let moment = 0, isLast = false; !isLast; moment++) {
    const disk = new SimulatedDisk(1);
    new SimulatedProcess(disk).makeDirectory("/consumer");
    const open = () => new CursorFile(new SimulatedProcess(disk), PATH);
    const store = (nextId: number) => open().acknowledge({ nextId, time: 0 });
    // Enough of them that the next one merges those that are idle.
    for (let nextId = 1; nextId <= 20; nextId++) store(nextId);
    const end = interruptOnce(disk, moment, () => {
      disk.clock.pass(HOUR_MS);
      store(40);
      others++;
    });
    store(30);
    isLast = !end();
    assertEquals(open().read()?.nextId, isLast ? 30 : 40, `at call ${moment}`);
  }
  assert(others > 5);
});
