// Shells replace "~" where it begins a word: in "--store ~/store", but not in "--driver.root_path=~/store", nor in a JSON
// document or a context. Those made a folder called "~" in the working directory.
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { Driver, InvalidOptionError } from "../../mod.ts";
import { ctl, withFolder } from "../cli/program.ts";
import { test } from "../harness.ts";

test("a root_path that begins with ~ is refused with the remedy, and nothing is made", async () => {
  for (const root_path of ["~", "~/store"]) {
    const error = await assertRejects(() => Driver.open("files", { root_path }), InvalidOptionError);
    assertStringIncludes(error.message, "write the path of the home folder");
  }
  const words = [
    ["topic", "create", "t", "--driver", "files", "--driver.root_path=~/store"],
    ["topic", "list", "--store=~/store"],
  ];
  for (const each of words) {
    const { code, stderr } = await ctl(each);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, "write the path of the home folder");
  }
  assertEquals(existsSync("~"), false);
});

test("so is the root_path of the C++ driver's topics", () =>
  withFolder(async ({ driver }) => {
    await ctl(["topic", "create", "t", ...driver]);
    for (
      const words of [
        ["export", "t", "--to", "cpp-files", "--to.root_path=~/cpp"],
        ["import", "--from", "cpp-files", "--from.root_path=~/cpp", "--name", "u"],
      ]
    ) {
      const { code, stderr } = await ctl([...words, ...driver]);
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, 'found "~/cpp"');
    }
    assertEquals(existsSync("~"), false);
  }));

test("a folder that is called ~ can be named", () =>
  withFolder(async ({ folder }) => {
    for (const name of ["~", "~backup"]) {
      await using driver = await Driver.open("files", { root_path: `${folder}/${name}` });
      await driver.createTopic("t");
      assertEquals(existsSync(`${folder}/${name}/t`), true);
    }
  }));
