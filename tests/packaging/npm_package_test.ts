// The npm package as a new user sees it: installed from its tarball into an empty project on Node.
import { assert, assertEquals, assertLess, assertMatch } from "@std/assert";
import { walkSync } from "@std/fs/walk";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
import { test } from "../harness.ts";
import { entryPoints } from "../../tools/npm/manifest.ts";
import { measure } from "../../tools/packages/project.ts";
import { consumerProject, mustRun, run } from "./consumer_project.ts";

/**
 * Maximum sizes of the tarball, and of the installed package on a disk with 4 KiB blocks. The README states
 * them; if you raise one, raise both, with a reason. The JSON Schema validator is a part of it: apart, it would
 * be five packages of 3 MB.
 */
const TARBALL_BYTES_MAX = 850_000;
const INSTALLED_BYTES_MAX = 4_000_000;

/** The specifier that users import an entry point by. */
function specifierOf(entry: string): string {
  return `@diaspora/stream${entry.slice(1)}`;
}

const PROGRAM = `
import { Driver } from "@diaspora/stream";
${
  Object.keys(entryPoints).map((entry, n) => `import * as entry${n} from "${specifierOf(entry)}";`).join("\n")
}

await using driver = await Driver.open("memory", {});
await driver.createTopic("my_topic", { num_partitions: 1 });
const topic = await driver.openTopic("my_topic");
await using producer = topic.producer("app");
const id: number | undefined = await producer.push({ energy: 42 }).wait(-1);
const event = await topic.consumer("reader").pull().wait(1000);
if (event === undefined) throw new Error("nothing came");
console.log(id, event.id, JSON.stringify(event.metadata));
console.log([${
  Object.keys(entryPoints).map((_, n) => `entry${n}`).join(", ")
}].every((entry) => entry !== undefined));
await driver.close();
`;

/** The program in a function, since CommonJS has no top-level await. */
function typed(program: string): string {
  const [imports, rest] = [/^import .*$/gm, /^(?!import ).*$/gm].map((lines) =>
    (program.match(lines) ?? []).join("\n")
  );
  return `${imports}\ndeclare const console: { log(...values: unknown[]): void };\n` +
    `export async function main(): Promise<void> {\n${rest}\n}\n`;
}

const REQUIRING = `
const { mkdtempSync, rmSync } = require("node:fs");
const { Driver, TopicExistsError } = require("@diaspora/stream");
for (const name of ENTRY_POINTS) require(name);

async function main(root) {
  const driver = await Driver.open("files", { root_path: root });
  const components = { validator: { type: "schema", schema: { type: "object" } }, serializer: { type: "cbor" } };
  await driver.createTopic("my_topic", { num_partitions: 1 }, components);
  await driver.createTopic("my_topic").catch((error) => {
    console.log(error.name, error instanceof TopicExistsError);
  });
  const topic = await driver.openTopic("my_topic");
  await topic.producer().push({ energy: 42 });
  console.log(JSON.stringify((await topic.consumer("reader").pull()).metadata));
  await driver.close();
  await Driver.open("kafka", { kafka: { "bootstrap.servers": "127.0.0.1:1" } }).catch((error) => {
    console.log(error.code);
  });
}
const root = mkdtempSync("required-");
main(root).finally(() => rmSync(root, { recursive: true }));
`;

test("the package holds compiled modules with their types, and no sources or tests", () => {
  const { built } = consumerProject();
  const files = [...walkSync(built, { includeDirs: false })].map(({ path }) => relative(built, path))
    .filter((path) => !path.startsWith("node_modules/") && path !== "package-lock.json");
  const wanted =
    /\.js$|\.d\.ts$|^(?:LICENSE|README\.md|THIRD_PARTY_NOTICES\.md|package\.json|script\/package\.json)$/;
  assertEquals(files.filter((path) => !wanted.test(path)), []);
  assertEquals(files.filter((path) => /_test\.|(?:^|\/)tests\//.test(path)), []);
  // The tests' simulated disk is not part of it, nor is anything else that only tests use.
  assertEquals(files.filter((path) => /simulat/.test(path)), []);
});

test("importing the library opens few files: each takes Node 0.7 ms", () => {
  const { built } = consumerProject();
  const opened = new Set([join(built, "esm/mod.js")]);
  for (const path of opened) {
    const { statements } = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ESNext);
    for (const statement of statements) {
      const from = (statement as ts.ImportDeclaration | ts.ExportDeclaration).moduleSpecifier;
      const name = from === undefined ? "" : (from as ts.StringLiteral).text;
      if (name.startsWith("./")) opened.add(join(dirname(path), name));
    }
  }
  assertLess(opened.size, 10);
});

test("every file that the manifest names exists", () => {
  const { built } = consumerProject();
  const manifest = JSON.parse(readFileSync(join(built, "package.json"), "utf8"));
  const named = (value: unknown): string[] =>
    typeof value === "string" ? [value] : Object.values(value as object).flatMap(named);
  const paths = [manifest.exports, manifest.bin, manifest.main, manifest.module, manifest.types].flatMap(
    named,
  );
  assertEquals(paths.filter((path) => !existsSync(join(built, path))), []);
});

test("the package's manifest is complete", () => {
  const manifest = JSON.parse(readFileSync(join(consumerProject().built, "package.json"), "utf8"));
  const own = JSON.parse(readFileSync("package.json", "utf8"));
  for (
    const key of [
      ...["name", "version", "description", "license", "engines"],
      ...["keywords", "homepage", "repository", "bugs", "type", "peerDependencies", "peerDependenciesMeta"],
    ]
  ) {
    assert(own[key] !== undefined, key);
    assertEquals(manifest[key], own[key], key);
  }
  assertEquals(Object.keys(manifest.bin), ["diaspora-ctl", "dctl"]);
  assertEquals(new Set(Object.values(manifest.bin)).size, 1, "npx starts a package's only program");
  assertEquals(manifest.dependencies, {});
  assertEquals(manifest.peerDependenciesMeta["@platformatic/kafka"], { optional: true });
  assertEquals(manifest.private, undefined);
  for (const entry of Object.keys(entryPoints)) assert(entry in manifest.exports, `exports lack ${entry}`);
});

test("the package stays within its size limit", () => {
  const { folder, tarballBytes } = consumerProject();
  assertLess(tarballBytes, TARBALL_BYTES_MAX);
  const { bytes } = measure(join(folder, "node_modules/@diaspora/stream"));
  assertLess(bytes, INSTALLED_BYTES_MAX);
});

test("a program that imports every entry point runs under Node and Bun", () => {
  const { folder } = consumerProject();
  // Node 20 has no syntax for "using"; TypeScript compiles it for users, as it does here.
  const source = PROGRAM.replaceAll("await using ", "const ").replace(": number | undefined", "");
  writeFileSync(join(folder, "program.mjs"), source);
  for (const runtime of ["node", resolve("node_modules/.bin/bun")]) {
    assertEquals(mustRun(runtime, ["program.mjs"], folder).stdout, '0 0 {"energy":42}\ntrue\n', runtime);
  }
});

test("the README's programs run under Node with the installed package", () => {
  const { folder } = consumerProject();
  const programs = [...readFileSync("README.md", "utf8").matchAll(/```ts\n\/\/ (\w+)\.m?ts:([^]*?)```/g)];
  assertEquals(programs.map(([, name]) => name), ["first", "producer", "consumer"]);
  const root = join(folder, "readme-data");
  const bin = resolve(folder, "node_modules/.bin/diaspora-ctl");
  const where = ["--driver", "files", "--driver.root_path", root, "--topic.num_partitions", "1"];
  mustRun(bin, ["topic", "create", "--name", "my_topic", ...where], folder);
  const printed = programs.map(([program, name]) => {
    const text = program.slice("```ts\n".length, -"```".length);
    const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
    writeFileSync(join(folder, `${name}.mjs`), ts.transpileModule(text, { compilerOptions }).outputText);
    return mustRun("node", [`${name}.mjs`, root, "my_topic"], folder).stdout;
  });
  assertMatch(printed[0], /^Event {\s+id: 0/);
  // As a user types it, in a project without "type": "module".
  const loader = resolve("node_modules/tsx/dist/loader.mjs");
  writeFileSync(join(folder, "first.mts"), programs[0][0].slice("```ts\n".length, -"```".length));
  assertMatch(mustRun("node", ["--import", loader, "first.mts"], folder).stdout, /Event {\s+id: 1/);
  assertEquals(printed[2].split("\n").length, 101);
  assertMatch(printed[2], /^99: {"x":4158,"name":"bob"}$/m);
});

test("a program that requires every entry point runs under Node and Bun, in modules and scripts", () => {
  const { folder } = consumerProject();
  const names = Object.keys(entryPoints).map(specifierOf);
  writeFileSync(join(folder, "program.cjs"), REQUIRING.replace("ENTRY_POINTS", JSON.stringify(names)));
  const scripts = readFileSync(join(folder, "program.cjs"), "utf8")
    .replaceAll(
      /"@diaspora\/stream(?:\/([\w-]+))?"/g,
      (_, name = "mod") => JSON.stringify(join(folder, `node_modules/@diaspora/stream/script/${name}.js`)),
    );
  // As a Node that cannot `require` ES modules loads them.
  writeFileSync(join(folder, "scripts.cjs"), scripts);
  for (const runtime of ["node", resolve("node_modules/.bin/bun")]) {
    for (const program of ["program.cjs", "scripts.cjs"]) {
      const { stdout } = mustRun(runtime, [program], folder);
      assertEquals(
        stdout,
        'TopicExistsError true\n{"energy":42}\nERR_MODULE_LOAD\n',
        `${runtime} ${program}`,
      );
    }
  }
});

test("the classes of the package have the names that they are exported by", () => {
  const { folder } = consumerProject();
  const program = `import * as all from "@diaspora/stream";
    const classes = Object.entries(all).filter(([, value]) => /^class\\b/.test(String(value)));
    console.log(classes.length > 20, classes.filter(([name, value]) => value.name !== name).length);`;
  writeFileSync(join(folder, "names.mjs"), program);
  assertEquals(mustRun("node", ["names.mjs"], folder).stdout, "true 0\n");
});

test("import and require give one copy on Bun, and where Node can require ES modules", () => {
  const { folder } = consumerProject();
  const program = `const { Driver } = require("@diaspora/stream");
    import("@diaspora/stream").then((module) => console.log(module.Driver === Driver, process.features.require_module));`;
  writeFileSync(join(folder, "both.cjs"), program);
  assertMatch(mustRun(resolve("node_modules/.bin/bun"), ["both.cjs"], folder).stdout, /^true /);
  assertMatch(mustRun("node", ["both.cjs"], folder).stdout, /^(?:true true|false (?:false|undefined))\n$/);
});

/** Every way in which a user's compiler finds types, without any configuration for them. */
const TYPES = [
  { module: "node16", files: ["program.mts", "program.cts"] },
  { module: "nodenext", files: ["program.mts", "program.cts"] },
  { module: "esnext", moduleResolution: "bundler", files: ["program.mts"] },
];

for (const { files, ...options } of TYPES) {
  test(`a program type-checks with module ${options.module}, strictly, without types of Node`, () => {
    const { folder } = consumerProject();
    const own = mkdtempSync(join(folder, "types-"));
    try {
      for (const file of files) writeFileSync(join(own, file), typed(PROGRAM));
      writeFileSync(
        join(own, "tsconfig.json"),
        JSON.stringify({
          files,
          compilerOptions: {
            ...{ ...options, target: "es2022", noEmit: true, types: [] },
            ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false },
          },
        }),
      );
      const { status, stdout } = run("node", [resolve("node_modules/typescript/bin/tsc"), "-p", own], folder);
      assertEquals([status, stdout], [0, ""]);
    } finally {
      rmSync(own, { recursive: true });
    }
  });
}

test("the command of the package makes a topic and lists it", () => {
  const { folder } = consumerProject();
  const bin = resolve(folder, "node_modules/.bin/diaspora-ctl");
  const where = ["--driver", "files", "--driver.root_path", join(folder, "data")];
  assertMatch(mustRun(bin, ["--help"], folder).stdout, /topic create/);
  mustRun(bin, ["topic", "create", "--name", "my_topic", ...where, "--topic.num_partitions", "1"], folder);
  assertEquals(mustRun(bin, ["topic", "list", ...where], folder).stdout, "my_topic\n");
});

// The YAML parser was bundled from CommonJS, whose `require("process")` does not exist in an ES module.
test("the command of the package reads a configuration in YAML", () => {
  const { folder } = consumerProject();
  const root = JSON.stringify(join(folder, "yaml-data"));
  writeFileSync(
    join(folder, "forward.yaml"),
    `drivers:\n  s: { type: files, options: { root_path: ${root} } }\nforward:\n  - { from: s/none, to: s/other }\n`,
  );
  const bin = resolve(folder, "node_modules/.bin/diaspora-ctl");
  assertMatch(
    run(bin, ["forward", "--config", "forward.yaml"], folder).stderr,
    /"forward.yaml" line 4: Cannot open topic "none"/,
  );
});

test("the command says what form of module this version of Node needs", () => {
  const { folder } = consumerProject();
  const bin = resolve(folder, "node_modules/.bin/diaspora-ctl");
  const own = mkdtempSync(join(folder, "components-"));
  try {
    const source = "export class Any { validate() {} config() { return { type: 'Any' }; } }\n";
    for (const name of ["any.ts", "any.js", "any.mjs"]) writeFileSync(join(own, name), source);
    // A different version than the project's: `npm init` creates either.
    writeFileSync(join(own, "package.json"), '{ "type": "commonjs" }');
    const create = (module: string) => {
      const where = ["--driver", "files", "--driver.root_path", join(own, "data")];
      const words = ["topic", "create", "--name", module.replace(".", "_"), ...where];
      return run(bin, [...words, "--validator", `Any:./${module}`], own);
    };
    assertEquals(create("any.mjs").status, 0);
    const [typescript, older] = ["any.ts", "any.js"].map(create);
    // Newer ones can load TypeScript.
    const reads = mustRun("node", ["--print", "Boolean(process.features.typescript)"]).stdout === "true\n";
    assertEquals([typescript.status === 0, older.status === 0], [reads, false]);
    if (!reads) assertMatch(typescript.stderr, /cannot load TypeScript; use a JavaScript module, or start/);
    assertMatch(older.stderr, /Unexpected token 'export'; name it "\.mjs", or put "type": "module" into/);
  } finally {
    rmSync(own, { recursive: true });
  }
});

test("publint finds nothing to fix", () => {
  const { built } = consumerProject();
  const { stdout, stderr } = run("node", [
    resolve("node_modules/publint/src/cli.js"),
    built,
    "--strict",
    "--pack=npm",
  ]);
  assertMatch(stdout + stderr, /All good!/);
});

test("the types resolve for every kind of import (are the types wrong)", () => {
  const { tarball } = consumerProject();
  const attw = resolve("node_modules/@arethetypeswrong/cli/dist/index.js");
  mustRun("node", [attw, tarball, "--profile", "strict"]);
});
