// House rules that a program can check. `docs/architecture.md` has the drawing that the first part enforces.
import { assertEquals } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { walkSync } from "@std/fs/walk";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { test } from "./harness.ts";

/** Generated files, checked by the tests that generate them again. */
const GENERATED = ["src/log/format/core/core_bytes.ts", "src/ui/page_files.ts"];

/** The vocabulary of all layers: these files import only each other. */
const VOCABULARY = [
  "async",
  "contract",
  "data/memory",
  "diagnostics",
  "errors",
  "json",
  "names",
  "options",
  "secrets",
]
  .map((name) => `src/${name}.ts`);
const VOCABULARY_FOLDERS = /^src\/(?:contract|errors|options|text)\//;

function isVocabulary(path: string): boolean {
  return VOCABULARY.includes(path) || VOCABULARY_FOLDERS.test(path);
}

/** Layers from the top; a file imports from its own folder or from a lower layer. */
const LAYERS = [
  "command",
  "program",
  "page",
  "public",
  "api",
  "registry",
  "engine",
  "groups",
  "log",
  "storage",
  "vocabulary",
] as const;
type Layer = (typeof LAYERS)[number];

/** The rooms of the log from the top; a file imports from its own or from a lower one. */
const ROOMS = [
  "check/",
  "mod.ts",
  "retention.ts",
  "write/",
  "read/",
  "positions/",
  "partition.ts",
  "segment/",
  "format/",
];

/** The rooms of the Kafka driver, alike. */
const KAFKA_ROOMS = [
  "driver.ts",
  "topic.ts",
  "admin/",
  "consume/",
  "produce/",
  "fetch/",
  "offsets/",
  "client/",
  "settings/",
  "format/",
  "client.ts",
];

interface Source {
  path: string;
  text: string;
  tree: ts.SourceFile;
  imports: string[];
}

/** The unit of a file: `src/producer.ts` and everything in `src/producer/` are one. */
function unitOf(path: string): string {
  if (isVocabulary(path)) return path;
  const parts = path.replace(/\.ts$/, "").split("/");
  return parts.slice(0, parts[1] === "drivers" ? 3 : 2).join("/");
}

function layerOf(path: string): Layer {
  if (path === "mod.ts") return "public";
  if (!path.startsWith("src/")) return "command";
  if (isVocabulary(path)) return "vocabulary";
  if (path === "src/drivers/registry.ts") return "registry";
  const folder = path.split("/")[1];
  if (["ctl", "testing", "otel"].includes(folder)) return "program";
  if (folder === "ui") return "page";
  if (folder === "components" || folder === "drivers") return "engine";
  if (folder === "groups" || folder === "log" || folder === "storage") return folder;
  return "api";
}

function readSource(path: string): Source {
  const text = readFileSync(path, "utf8");
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const imports = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  return { path, text, tree, imports };
}

const entries = Object.values<string>(JSON.parse(readFileSync("deno.json", "utf8")).exports)
  .concat("cli.ts").map((path) => normalize(path)).filter((path) => existsSync(path));
const sources = [...walkSync("src", { exts: ["ts"] })].map(({ path }) => path)
  .concat(entries.filter((path) => !path.startsWith("src/")))
  .map(readSource);
const library = sources.filter(({ path }) => path !== "cli.ts" && !path.startsWith("src/ctl/"));

function local({ path, imports }: Source): string[] {
  return imports.filter((name) => name.startsWith(".")).map((name) => normalize(join(dirname(path), name)));
}

/** Every violation of a rule, as `path: what`. */
function offences(among: Source[], find: (source: Source) => string[]): string[] {
  return among.flatMap((source) => find(source).map((what) => `${source.path}: ${what}`));
}

/** The text of every node that matches, each once. */
function nodes(tree: ts.SourceFile, matches: (node: ts.Node) => boolean): string[] {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (matches(node)) found.add(node.getText(tree).split("\n")[0]);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return [...found];
}

/** Whether a node reads a member of a global object, e.g. `Date.now`. */
function isMember(node: ts.Node, object: RegExp, member: RegExp): boolean {
  return ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression) &&
    object.test(node.expression.text) && member.test(node.name.text);
}

test("imports go one way, from the API to the drivers, the log and the storage", () => {
  const depth = (path: string): number => LAYERS.indexOf(layerOf(path));
  assertEquals(
    offences(
      sources,
      (source) =>
        local(source).filter((target) =>
          unitOf(target) !== unitOf(source.path) && depth(target) <= depth(source.path) &&
          !(depth(target) === depth(source.path) && ["api", "vocabulary"].includes(layerOf(target)))
        ).map((target) => `imports "${target}"`),
    ),
    [],
  );
});

/** The import cycles among parts of the source, e.g. `a -> b -> a`, where `partOf` returns a file's part. */
function circles(partOf: (path: string) => string): string[] {
  const graph = new Map<string, Set<string>>();
  for (const source of sources) {
    const part = partOf(source.path);
    const targets = local(source).map(partOf).filter((target) => target !== part);
    graph.set(part, new Set([...graph.get(part) ?? [], ...targets]));
  }
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (part: string, trail: string[]): void => {
    if (trail.includes(part)) found.push([...trail.slice(trail.indexOf(part)), part].join(" -> "));
    if (trail.includes(part) || done.has(part)) return;
    for (const next of graph.get(part) ?? []) visit(next, [...trail, part]);
    done.add(part);
  };
  for (const part of graph.keys()) visit(part, []);
  return found;
}

test("no two parts of the source import each other, not even through others", () => {
  assertEquals(circles(unitOf), []);
});

test("no two files import each other, not even through others, or for a type, or when they run", () => {
  assertEquals(circles((path) => path), []);
});

test("users of the log import log/mod.ts or log/check/mod.ts, and users of groups groups/mod.ts", () => {
  assertEquals(
    offences(
      sources,
      (source) =>
        local(source).filter((target) =>
          !source.path.startsWith("src/log/") && /^src\/log\/(?!(?:check\/)?mod\.ts$)/.test(target) ||
          !source.path.startsWith("src/groups/") && /^src\/groups\/(?!mod\.ts$)/.test(target)
        )
          .map((target) => `imports "${target}"`),
    ),
    [],
  );
});

/** The steps of a walk on the architecture page: file and function. */
function stepsOf(heading: string): { file: string; name: string }[] {
  const page = readFileSync("docs/architecture.md", "utf8");
  const section = page.split(/^## /m).find((part) => part.startsWith(heading)) ?? "";
  return [...section.matchAll(/^\| `(src\/[^`]+)` +\| `(\w+)`/gm)].map(([, file, name]) => ({ file, name }));
}

for (const heading of ["An event's way down", "An event's way up"]) {
  test(`${heading.toLowerCase()} goes through the five files that the architecture page says`, () => {
    const steps = stepsOf(heading);
    assertEquals(steps.length, 5);
    const ofFile = (path: string): Source => sources.find((source) => source.path === path)!;
    const wrong = steps.flatMap(({ file, name }, index) => {
      const source = ofFile(file);
      if (source === undefined) return [`"${file}" is not there`];
      const has = nodes(
        source.tree,
        (node) => ts.isMethodDeclaration(node) && node.name.getText(source.tree) === name,
      );
      const missing = has.length === 0 ? [`"${file}" has no method ${name}()`] : [];
      const next = steps[index + 1];
      if (next === undefined) return missing;
      const calls = nodes(
        source.tree,
        (node) =>
          ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) &&
          node.expression.name.text === next.name,
      );
      if (calls.length === 0) missing.push(`"${file}" does not call ${next.name}()`);
      // What it calls belongs to a class that it imports, directly or through the log's `mod.ts`, or to an
      // interface that both import.
      const reached = local(source).flatMap((path) =>
        path.endsWith("/mod.ts") ? local(ofFile(path)) : [path]
      );
      const isKnown = reached.includes(next.file) ||
        (reached.includes("src/contract.ts") && local(ofFile(next.file)).includes("src/contract.ts"));
      if (!isKnown) missing.push(`"${file}" does not import "${next.file}"`);
      return missing;
    });
    assertEquals(wrong, []);
  });
}

test("the architecture page lists every room of the source", () => {
  const page = readFileSync("docs/architecture.md", "utf8");
  const listed = page.split(/^## /m).find((part) => part.startsWith("The rooms")) ?? "";
  const rooms = sources.map(({ path }) => {
    const [, first, second, third] = path.split("/");
    if (first === undefined || first.endsWith(".ts")) return "src/*.ts";
    const isInner = ["log", "drivers"].includes(first) && second?.endsWith(".ts") === false;
    if (second === "kafka") return `src/drivers/kafka/${third?.endsWith(".ts") ? "*.ts" : `${third}/`}`;
    return isInner ? `src/${first}/${second}/` : `src/${first}/`;
  });
  // Folders of a file or two that belong to the file of that name.
  const small = [
    "src/contract/",
    "src/drivers/",
    "src/errors/",
    "src/kafka/",
    "src/log/",
    "src/options/",
    "src/topic/",
  ];
  const missing = new Set(rooms.filter((room) => !small.includes(room) && !listed.includes(`\`${room}\``)));
  assertEquals([...missing], []);
});

test("tools and benchmarks import nothing of the tests", () => {
  const programs = ["tools", "bench"].flatMap((folder) =>
    [...walkSync(folder, { exts: ["ts", "mjs"], skip: [/node_modules/] })].map(({ path }) => readSource(path))
  );
  assertEquals(
    offences(
      programs,
      (source) =>
        local(source).filter((target) => target.startsWith("tests/")).map((target) => `imports "${target}"`),
    ),
    [],
  );
});

for (
  const [what, folder, rooms] of [["log", "src/log/", ROOMS], [
    "Kafka driver",
    "src/drivers/kafka/",
    KAFKA_ROOMS,
  ]] as const
) {
  test(`the folders of the ${what} import one way`, () => {
    const room = (path: string): number => rooms.findIndex((name) => path.startsWith(folder + name));
    const inside = sources.filter(({ path }) => path.startsWith(folder));
    assertEquals(inside.map(({ path }) => path).filter((path) => room(path) < 0), []);
    assertEquals(
      offences(
        inside,
        (source) =>
          local(source).filter((target) => target.startsWith(folder) && room(target) < room(source.path))
            .map((target) => `imports "${target}"`),
      ),
      [],
    );
  });
}

test("only cli.ts starts the command-line program", () => {
  assertEquals(
    offences(
      sources.filter(({ path }) => path !== "cli.ts" && !path.startsWith("src/ctl/")),
      (source) =>
        local(source).filter((target) => target.startsWith("src/ctl/")).map((target) =>
          `imports "${target}"`
        ),
    ),
    [],
  );
});

test("the library runs on every runtime: it uses neither Deno nor Bun", () => {
  assertEquals(
    offences(library, ({ imports, tree }) => [
      ...imports.filter((name) => /^bun:/.test(name)),
      ...nodes(tree, (node) => isMember(node, /^(?:Deno|Bun)$/, /./)),
    ]),
    [],
  );
});

test("neither the library nor its command needs @std", () => {
  assertEquals(
    offences(sources, ({ imports }) => imports.filter((name) => /^(?:@std\/|jsr:)/.test(name))),
    [],
  );
});

test("the library imports node: built-ins by that name, and packages that package.json names", () => {
  const known = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  const packageOf = (name: string): string =>
    name.split("/").slice(0, name.startsWith("@") ? 2 : 1).join("/");
  assertEquals(
    offences(
      library,
      ({ imports }) =>
        imports.filter((name) => !name.startsWith(".") && !name.startsWith("node:"))
          .filter((name) => !known.includes(packageOf(name))),
    ),
    [],
  );
});

test("opening a driver for files loads no built-ins that are slow to load", () => {
  const opened = sources.filter(({ path }) => /^src\/(?:drivers\/files|groups|log|storage)\//.test(path));
  const slow = /^node:(?:zlib|stream|http|net|child_process)\b/;
  assertEquals(offences(opened, ({ imports }) => imports.filter((name) => slow.test(name))), []);
});

test("the log and groups read no clock, no randomness and no file system of its own", () => {
  assertEquals(
    offences(sources.filter(({ path }) => /^src\/(?:log|groups)\//.test(path)), ({ imports, tree }) => [
      ...imports.filter((name) => /^(?:node:)?(?:fs|crypto|timers|os|child_process)\b/.test(name)),
      ...nodes(tree, (node) =>
        isMember(node, /^Date$/, /^now$/) || isMember(node, /^Math$/, /^random$/) ||
        isMember(node, /^(?:performance|crypto|process)$/, /./) ||
        (ts.isNewExpression(node) && node.expression.getText(tree) === "Date" && !node.arguments?.length)),
    ]),
    [],
  );
});

test("no source file is longer than 300 lines", () => {
  assertEquals(
    offences(sources.filter(({ path }) => !GENERATED.includes(path)), ({ text }) => {
      const lines = text.split("\n").length - 1;
      return lines > 300 ? [`${lines} lines`] : [];
    }),
    [],
  );
});

test("no source file has a to-do, an untyped value or a silenced check", () => {
  assertEquals(
    offences(sources, ({ text, tree }) => [
      ...[
        ...text.matchAll(
          /\b(?:TODO|FIXME|XXX)\b|@ts-(?:ignore|nocheck|expect-error)|(?:deno|eslint)-(?:lint-ignore|disable)[\w-]*/g,
        ),
      ]
        .map(([words]) => words),
      ...nodes(tree, (node) => node.kind === ts.SyntaxKind.AnyKeyword),
    ]),
    [],
  );
});

test("only what another file names is exported, but for the entry points and the errors", () => {
  const isPublic = (path: string): boolean => entries.includes(path) || path.startsWith("src/errors");
  const own = sources.filter(({ path }) => !isPublic(path) && !GENERATED.includes(path));
  const others = ["tests", "tools", "bench", "examples", "page"]
    .flatMap((folder) => [...walkSync(folder, { exts: ["ts"] })])
    .map(({ path }) => readFileSync(path, "utf8"));
  const filesWith = new Map<string, number>();
  for (const text of [...sources.map(({ text }) => text), ...others]) {
    for (const word of new Set(text.match(/\w+/g))) filesWith.set(word, (filesWith.get(word) ?? 0) + 1);
  }
  const declaration = /^export (?:async |abstract )*(?:function\*?|class|interface|type|const|let) (\w+)/gm;
  const exported = (text: string): string[] => [...text.matchAll(declaration)].map(([, name]) => name);
  assertEquals(
    offences(own, ({ text }) => exported(text).filter((name) => filesWith.get(name) === 1)),
    [],
  );
});

test("no source file has a name that explains nothing", () => {
  assertEquals(
    sources.map(({ path }) => path).filter((path) => /(?:helper|util|misc)s?\b/.test(path)),
    [],
  );
});

interface Manifest {
  name: string;
  version: string;
  license: string;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

interface DenoConfig {
  name: string;
  version: string;
  license: string;
  imports: Record<string, string>;
  tasks: Record<string, string>;
}

const manifest: Manifest = JSON.parse(readFileSync("package.json", "utf8"));
const config: DenoConfig = JSON.parse(readFileSync("deno.json", "utf8"));

test("package.json and deno.json name the same packages in the same versions", () => {
  const npm = Object.entries(config.imports).filter(([, target]) => target.startsWith("npm:"));
  const both = { ...manifest.devDependencies, ...manifest.dependencies };
  for (const [name, target] of npm) assertEquals(target, `npm:${name}@${both[name]}`);
  const imported = npm.map(([name]) => name);
  assertEquals(Object.keys(manifest.dependencies).filter((name) => !imported.includes(name)), []);
});

test("package.json and deno.json agree on name, version and licence", () => {
  assertEquals(
    [config.name, config.version, config.license],
    [manifest.name, manifest.version, manifest.license],
  );
});

test("every npm script is a deno task of the same name, and the other way round", () => {
  assertEquals(Object.keys(config.tasks).sort(), Object.keys(manifest.scripts).sort());
  for (const [name, script] of Object.entries(manifest.scripts)) {
    assertEquals([script, config.tasks[name]], [
      `node tools/launch.mjs ${name}`,
      `./tools/launch.mjs ${name}`,
    ]);
  }
});

test("every version of @std is held to patch releases", () => {
  for (const [name, target] of Object.entries(config.imports)) {
    if (name.startsWith("@std/")) assertEquals(target.replace(/~\d+\.\d+\.\d+$/, "~"), `jsr:${name}@~`);
  }
});
