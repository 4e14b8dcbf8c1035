// A new import looks for what killed ones left in the store a day ago. If another import became complete at that moment,
// its folder was gone between two looks at it, and the new import failed: `Cannot list "…": no such file`.
import { assert, assertEquals } from "@std/assert";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { ROOT, SimulatedFolder } from "../drivers/files/simulated_folder.ts";
import { test } from "../harness.ts";
import { DEFAULT_COMPONENTS } from "../simulation/world.ts";

test("a draft is begun and published at whatever moment another one is published", async () => {
  for (let moment = 0, isOver = false; !isOver; moment++) {
    assert(moment < 1000, "it does not end");
    const folder = new SimulatedFolder();
    const { storage } = folder;
    const draftTopic = (name: string) =>
      new FilesDriver({ root_path: ROOT }, storage).draftTopic(
        name,
        { ...DEFAULT_COMPONENTS, options: {} },
        false,
      );
    await (await draftTopic("other")).topic.close();
    const hidden = `${ROOT}/${storage.list(ROOT)[0]}`;
    let calls = 0;
    folder.before = () => {
      if (calls++ !== moment) return;
      folder.before = () => {};
      storage.rename(`${hidden}/other`, `${ROOT}/other`);
      storage.removeTree(hidden);
    };
    await (await draftTopic("topic")).publish();
    isOver = calls <= moment;
    if (!isOver) assertEquals(storage.list(ROOT).sort(), ["other", "topic"], `moment ${moment}`);
  }
});
