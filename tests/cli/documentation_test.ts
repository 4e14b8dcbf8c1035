import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "../harness.ts";
import { programScript, run, withFolder } from "./program.ts";

/** The page's shell blocks, except those marked as not to be run. */
function examples(): string[] {
  const page = readFileSync(new URL("../../docs/ctl.md", import.meta.url), "utf8");
  return [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => match[1]);
}

test("the examples of docs/ctl.md work in a shell, one after the other", async () => {
  assert(examples().length > 20);
  await withFolder(async ({ folder }) => {
    const path = `${dirname(programScript(folder))}:/usr/local/bin:/usr/bin:/bin`;
    for (const example of examples()) {
      const script = example.replaceAll("/tmp/", `${folder}/`);
      const { code, stdout, stderr } = await run(["bash", "-e", "-o", "pipefail", "-c", script], {
        environment: { PATH: path },
      });
      assertEquals(code, 0, `${script}\n${stdout}${stderr}`);
      assert(!stderr.includes("[error]"), `${script}\n${stderr}`);
    }
  });
});
