import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { test } from "../harness.ts";
import { PROGRAM, programScript, run, withFolder } from "./program.ts";

/** The program as users have it, if the test runner has compiled it. */
const compiled = process.env["DIASPORA_TEST_PROGRAM"];
const program = compiled === undefined ? PROGRAM : [compiled];

/** The page's shell blocks, except those marked as not to be run. */
function examples(): string[] {
  const page = readFileSync(new URL("../../docs/ctl.md", import.meta.url), "utf8");
  return [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => match[1]);
}

test("the examples of docs/ctl.md work in a shell, one after the other", async () => {
  assert(examples().length > 20);
  await withFolder(async ({ folder }) => {
    const path = `${dirname(programScript(folder, program))}:/usr/local/bin:/usr/bin:/bin`;
    for (const example of examples()) {
      const script = example.replaceAll("/tmp/", "./");
      const { code, stdout, stderr } = await run(["bash", "-e", "-o", "pipefail", "-c", script], {
        folder,
        environment: { PATH: path },
      });
      assertEquals(code, 0, `${script}\n${stdout}${stderr}`);
      assert(!stderr.includes("[error]"), `${script}\n${stderr}`);
    }
  });
});
