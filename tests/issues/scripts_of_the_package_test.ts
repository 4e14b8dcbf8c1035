// The package's scripts, for `require`, and what bundlers make of the package had faults that modules do not
// have. `Driver.open("kafka")` failed with "Cannot read properties of undefined (reading 'startsWith')" instead
// of printing the line to add: `import.meta.url` was replaced only where both words were on one line, and a
// bundled script has no such address at all.
import { assertEquals } from "@std/assert";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installed } from "../../tools/compile/bundle.ts";
import { test } from "../harness.ts";
import { builtPackage, mustRun } from "../packaging/consumer_project.ts";

const DRAFTS = [
  ...["https://json-schema.org/draft/2020-12/schema", "https://json-schema.org/draft/2019-09/schema"],
  ...["http://json-schema.org/draft-07/schema#", "http://json-schema.org/draft-04/schema#"],
];

/** Uses what is loaded on demand; the validator for each draft is a chunk of its own. */
const PROGRAM = `
const { Driver } = require(LIBRARY);
async function main() {
  for (const name of ["kafka", "octopus"]) {
    const { code } = await Driver.open(name, { kafka: { "bootstrap.servers": "127.0.0.1:1" } }).catch((error) => error);
    console.log(code);
  }
  const driver = await Driver.open("memory", {});
  for (const $schema of ${JSON.stringify(DRAFTS)}) {
    const validator = { type: "schema", schema: { $schema, type: "object", required: ["x"] } };
    await driver.createTopic("checked", {}, { validator, serializer: { type: "cbor" } });
    const producer = (await driver.openTopic("checked")).producer();
    const { code } = await producer.push({ y: 1 }).then(() => ({}), (error) => error);
    console.log(await producer.push({ x: 1 }), code);
    await driver.deleteTopic("checked");
  }
  await driver.close();
}
main();
`;

const PRINTED = "ERR_MODULE_LOAD\n".repeat(2) + "0 ERR_INVALID_METADATA\n".repeat(DRAFTS.length);

test("the package's scripts, and a script bundled from either form, load every part", () => {
  const home = mkdtempSync(join(tmpdir(), "diaspora-scripts-"));
  try {
    // Where no client for Kafka can be found.
    const built = join(home, "package");
    cpSync(builtPackage(join(home, "npm")), built, { recursive: true });
    const programOf = (folder: string): string =>
      PROGRAM.replace("LIBRARY", JSON.stringify(join(built, folder, "mod.js")));
    assertEquals(mustRun("node", ["-e", programOf("script")], home).stdout, PRINTED);
    for (const folder of ["esm", "script"]) {
      const outfile = join(home, `${folder}.cjs`);
      writeFileSync(join(home, "program.cjs"), programOf(folder));
      const options = ["--bundle", "--format=cjs", "--platform=node", "--external:@platformatic/kafka"];
      mustRun(installed("esbuild"), [join(home, "program.cjs"), ...options, `--outfile=${outfile}`]);
      assertEquals(mustRun("node", [outfile], home).stdout, PRINTED, folder);
    }
  } finally {
    rmSync(home, { recursive: true });
  }
});
