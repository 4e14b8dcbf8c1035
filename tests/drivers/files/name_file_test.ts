// Which folder has a consumer's positions, and which one would be made for them.
import { assertEquals, assertMatch } from "@std/assert";
import { findFolders } from "../../../src/drivers/files/name_file.ts";
import { test } from "../../harness.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

const CONSUMERS = `${ROOT}/t/consumers`;

function withFiles(files: Record<string, string>) {
  const folder = new SimulatedFolder();
  folder.storage.makeDirectory(`${ROOT}/t`);
  folder.storage.makeDirectory(CONSUMERS);
  for (const [path, content] of Object.entries(files)) folder.file(`t/consumers/${path}`, content);
  return { storage: folder.storage, directory: CONSUMERS };
}

test("a folder without a name is a consumer's if it has positions, and else a leftover in whose place one is made", () => {
  const own = `${CONSUMERS}/c`;
  assertEquals(findFolders(withFiles({}), "c"), { found: [], free: own });
  assertEquals(findFolders(withFiles({ "c/name.draft": "c" }), "c"), { found: [], free: own });
  assertEquals(findFolders(withFiles({ "c/00000000.pos": "" }), "c").found, [own]);
  assertEquals(findFolders(withFiles({ "c/name": "c" }), "c").found, [own]);
});

test("where case is ignored, the folder that an earlier version made for C is not that of c", () => {
  const { storage, directory } = withFiles({ "c/name": "C" });
  const ignoringCase = Object.assign(Object.create(storage), {
    list: (path: string) => path === CONSUMERS ? ["C"] : storage.list(path),
  });
  const { found, free } = findFolders({ storage: ignoringCase, directory }, "c");
  assertEquals(found, []);
  assertMatch(free, /\/c~[0-9a-f]{64}$/);
});
