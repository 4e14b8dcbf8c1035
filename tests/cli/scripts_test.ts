import { assertEquals } from "@std/assert";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "../harness.ts";
import { programScript, run, withFolder } from "./program.ts";

for (const name of ["topic", "fifo", "forward"]) {
  test(`a shell script written for the C++ tool's ${name} command passes`, async () => {
    await withFolder(async ({ folder }) => {
      const work = join(folder, "work");
      mkdirSync(work);
      const script = fileURLToPath(new URL(`scripts/${name}.sh`, import.meta.url));
      const { code, stdout, stderr } = await run(["bash", script], {
        environment: { DIASPORA_CTL: programScript(folder), FOLDER: work },
      });
      assertEquals([code, stdout], [0, ""], stderr);
    });
  });
}
