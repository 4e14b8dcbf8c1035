// The tarball for machines without a registry contains everything the library needs.
import { assertEquals, assertLess } from "@std/assert";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "../harness.ts";
import { bundleDependencies } from "../../tools/npm/bundle_dependencies.ts";
import { builtPackage, mustRun } from "./consumer_project.ts";

/** Maximum size of the tarball. The README states it; if you raise one, raise both, with a reason. */
const TARBALL_BYTES_MAX = 2_000_000;

/** An address where nothing answers: its port is below the range for programs. */
const NO_REGISTRY = ["--registry", "http://127.0.0.1:9", "--fetch-retries=0"];

/** Uses a part of every package that is included in the tarball. */
const PROGRAM = `
import { Driver } from "@diaspora/stream";

const driver = await Driver.open("files", { root_path: "./data" });
await driver.createTopic("my_topic", { num_partitions: 1 }, {
  validator: { type: "schema", schema: { type: "object" } },
  serializer: { type: "cbor" },
});
const topic = await driver.openTopic("my_topic");
await topic.producer("app").push({ energy: 42 });
console.log(JSON.stringify((await topic.consumer("reader").pull()).metadata));
await driver.close();
`;

test("the tarball with its dependencies installs and works without a registry", () => {
  const home = mkdtempSync(join(tmpdir(), "diaspora-offline-"));
  try {
    const [alone, built, folder, cache] = ["alone", "npm", "project", "cache"].map((name) =>
      join(home, name)
    );
    cpSync(builtPackage(alone), built, { recursive: true });
    bundleDependencies(built);
    mustRun("npm", ["pack", "--offline", "--ignore-scripts", "--pack-destination", home, built]);
    const tarball = join(home, readdirSync(home).find((name) => name.endsWith(".tgz")) ?? "no tarball");
    assertLess(statSync(tarball).size, TARBALL_BYTES_MAX);

    mkdirSync(folder);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
    // Also with an empty cache, so that nothing comes from earlier installations.
    mustRun("npm", ["install", ...NO_REGISTRY, "--cache", cache, "--no-audit", "--no-fund", tarball], folder);
    assertEquals(readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith(".")), [
      "@diaspora",
    ]);

    writeFileSync(join(folder, "program.js"), PROGRAM);
    assertEquals(mustRun("node", ["program.js"], folder).stdout, '{"energy":42}\n');
    const bin = resolve(folder, "node_modules/.bin/diaspora-ctl");
    const where = ["--driver", "files", "--driver.root_path", "./data"];
    assertEquals(mustRun(bin, ["topic", "list", ...where], folder).stdout, "my_topic\n");
  } finally {
    rmSync(home, { recursive: true });
  }
});
