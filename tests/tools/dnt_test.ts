// Where JSR answers, dnt builds the npm package. It comes from JSR alone, so that a stand-in takes down here what
// it is asked for; what dnt makes of it is checked by the tests of the package, where JSR answers.
import { assertEquals } from "@std/assert";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "../harness.ts";
import { serveFakeJsr } from "./fake_jsr.ts";
import { runBeside } from "./run_beside.ts";

const STAND_IN = `
import { writeFileSync } from "node:fs";
export async function build(options: { outDir: string }): Promise<void> {
  writeFileSync(options.outDir + "/asked.json", JSON.stringify(options));
}
`;

test("dnt is asked for every entry point, for the command, and for what the manifest says", async () => {
  await using jsr = await serveFakeJsr();
  jsr.packages.set("@deno/dnt", {
    name: "@deno/dnt",
    version: "0.42.99",
    exports: { ".": "./mod.ts" },
    files: new Map([["mod.ts", new TextEncoder().encode(STAND_IN)]]),
  });
  const home = mkdtempSync(join(tmpdir(), "diaspora-dnt-"));
  try {
    const output = join(home, "npm");
    const { code, stderr } = await runBeside("node", ["tools/launch.mjs", "build:npm", "--output", output], {
      JSR_URL: jsr.url,
      DENO_DIR: join(home, "cache"),
      DIASPORA_TOOLING: "connected",
    });
    assertEquals(code, 0, stderr);

    const asked = JSON.parse(readFileSync(join(output, "asked.json"), "utf8"));
    const own = JSON.parse(readFileSync("package.json", "utf8"));
    const { exports } = JSON.parse(readFileSync("deno.json", "utf8"));
    const library = Object.entries(exports).filter(([name]) => name !== "./cli");
    assertEquals(asked.entryPoints, [
      ...library.map(([name, path]) => ({ name, path })),
      { kind: "bin", name: "diaspora-ctl", path: "./cli.ts" },
    ]);
    assertEquals([asked.package.name, asked.package.version], [own.name, own.version]);
    assertEquals([asked.scriptModule, asked.test], [false, false]);
    const [peer] = Object.keys(own.peerDependencies);
    assertEquals(asked.mappings[`npm:${peer}@${own.peerDependencies[peer]}`].peerDependency, true);
    for (const name of ["LICENSE", "README.md"]) {
      assertEquals(readFileSync(join(output, name), "utf8"), readFileSync(name, "utf8"));
    }
  } finally {
    rmSync(home, { recursive: true });
  }
});
