// The commands of the C++ tool's quick start, exactly as printed there.
import { assert, assertEquals } from "@std/assert";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "../harness.ts";
import { programScript, run, withFolder } from "./program.ts";

test("the commands of the quick start work as printed", async () => {
  await withFolder(async ({ folder }) => {
    const root = join(folder, "diaspora-data");
    const path = `${dirname(programScript(folder))}:/usr/bin:/bin`;
    const script = `diaspora-ctl topic create --name my_topic \\
--driver files \\
--driver.root_path /tmp/diaspora-data \\
--topic.num_partitions 1
diaspora-ctl topic list --driver files --driver.root_path /tmp/diaspora-data
`.replaceAll("/tmp/diaspora-data", `'${root}'`);
    const { code, stdout, stderr } = await run(["sh", "-e", "-c", script], { environment: { PATH: path } });
    assertEquals([code, stdout], [0, "my_topic\n"], stderr);
    assertEquals(readdirSync(join(root, "my_topic", "partitions")), ["00000000"]);
    for (const name of ["validator", "serializer", "partition-selector"]) {
      assert(existsSync(join(root, "my_topic", `${name}.json`)));
    }
  });
});
