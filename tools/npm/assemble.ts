import { emptyDirSync } from "@std/fs/empty-dir";
import { build, type BuildOptions, buildSync, type Plugin } from "esbuild";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import ts from "typescript";
import { IN_THE_PAGE, noticesOf } from "../licences/notices.ts";
import { importsForFewerParts } from "./fewer_parts.ts";
import { COMMAND, dependencies, entryPoints, FOLDERS, manifest, moduleName, peers } from "./manifest.ts";

/** The oldest Node that the manifest allows can run this. */
const TARGET = "node20.9";

/** Packages that are installed next to this one stay imports. */
const EXTERNAL = [...Object.keys(dependencies), ...Object.keys(peers)];

/** As small as possible while names are kept, so that stack traces stay readable. */
const WRITTEN = {
  charset: "utf8",
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 120,
  legalComments: "none",
  write: false,
  logLevel: "silent",
} as const;

/** A script's replacements for `import.meta.url`. */
const SCRIPT_ADDRESS = {
  define: { "import.meta.url": "addressOfThis" },
  banner: { js: 'const addressOfThis = require("node:url").pathToFileURL(__filename).href;' },
};

/** Compiled modules, by path. */
type Texts = Map<string, string>;

function compiledName(source: string, ending: string): string {
  return source.replace("./", "").replace(/\.ts$/, ending);
}

/** Bundles modules into chunks that are loaded on demand: few files, and no comments. */
async function bundle(
  compiled: string,
  entries: [entry: string, source: string][],
): Promise<{ parts: Texts; packages: string[] }> {
  const options = {
    entryPoints: entries.map(([entry, source]) => ({
      in: resolve(compiled, compiledName(source, ".js")),
      out: moduleName(entry),
    })),
    outdir: "parts",
    bundle: true,
    splitting: true,
    // In the folder of the entries, where the library looks for the Kafka driver.
    chunkNames: "part-[hash]",
    format: "esm",
    platform: "node",
    target: TARGET,
    external: EXTERNAL,
    // For Node it resolves to CommonJS, which loads node: modules with a `require` that ES modules do not
    // have.
    alias: { yaml: resolve("node_modules/yaml/browser/index.js") },
    nodePaths: [resolve("node_modules")],
    metafile: true,
    ...WRITTEN,
  } satisfies BuildOptions;
  const { metafile } = buildSync(options);
  const { outputFiles } = await build({ ...options, plugins: [withImports(importsForFewerParts(metafile))] });
  const packages = Object.keys(metafile.inputs).map(packageOf).filter((name) => name !== undefined);
  return {
    parts: new Map(
      outputFiles.map(({ path, text }) => [basename(path), withClassNames(withOpenImports(text))]),
    ),
    packages: [...new Set(packages)].sort(),
  };
}

/** Adds imports to modules. */
function withImports(added: ReadonlyMap<string, string[]>): Plugin {
  const byPath = new Map([...added].map(([module, paths]) => [resolve(module), paths]));
  return {
    name: "added-imports",
    setup: ({ onLoad }) =>
      onLoad({ filter: /\.m?js$/ }, ({ path }) => {
        const paths = byPath.get(path) ?? [];
        const lines = paths.map((each) => `\nimport ${JSON.stringify(resolve(each))};`);
        // After its own, so that these run in their order.
        return lines.length === 0 ? undefined : { contents: readFileSync(path, "utf8") + lines.join("") };
      }),
  };
}

/**
 * Marks imports whose specifier is only known at run time, for other bundlers: otherwise they print a warning
 * and replace them.
 */
function withOpenImports(text: string): string {
  return text.replaceAll(/\bimport\(\s*(?=[\w$])/g, "import(/* webpackIgnore: true */ /* @vite-ignore */ ");
}

/**
 * Gives classes their own names back, which stack traces and debuggers show: esbuild calls a class that names itself
 * `_Driver`, within the class alone. Where a chunk has several of that name, they stay.
 */
function withClassNames(text: string): string {
  const renamed = [...text.matchAll(/\bclass (_[A-Z]\w*)\b/g)].map(([, name]) => name!);
  return renamed.filter((name) => renamed.indexOf(name) === renamed.lastIndexOf(name)).reduce(
    (result, name) => result.replaceAll(new RegExp(`(?<![.\\w$])${name}\\b`, "g"), name.slice(1)),
    text,
  );
}

/** The package of a module; undefined if it is one of this repository. */
function packageOf(path: string): string | undefined {
  return /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(`/${path.replaceAll("\\", "/")}`)?.[1];
}

/**
 * The same chunks for `require`. Dynamic imports of chunks become calls of it, since `import()` puts what a
 * script exports as `default` into another `default`; those of packages stay imports.
 */
function asScripts(parts: Texts): Texts {
  const scripts = [...parts].map(([name, text]): [string, string] => {
    const { outputFiles: [{ text: script }] } = buildSync({
      stdin: { contents: withRequiredParts(text), sourcefile: name },
      format: "cjs",
      platform: "node",
      target: TARGET,
      ...WRITTEN,
      // A second copy, which few programs load: as small as possible.
      minifyIdentifiers: true,
      // It may be on two lines, because lines have a limit.
      ...(/\bimport\.meta\b/.test(text) ? SCRIPT_ADDRESS : {}),
    });
    return [name, withOpenImports(script)];
  });
  return new Map(scripts);
}

function withRequiredParts(text: string): string {
  return text.replaceAll(
    /\bimport\(\s*("\.\/part-[^"]+")\s*\)/g,
    "Promise.resolve().then(() => require($1))",
  );
}

/**
 * The declarations that users' compilers reach from the entry points; the others describe internal modules.
 */
function reachableDeclarations(compiled: string): Texts {
  const found: Texts = new Map();
  const visit = (path: string): void => {
    if (found.has(path)) return;
    const text = readFileSync(join(compiled, path), "utf8");
    found.set(path, text);
    for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) {
      if (fileName.startsWith(".")) {
        visit(join(dirname(path), fileName.replace(/\.[jt]s$/, ".d.ts")).replaceAll("\\", "/"));
      }
    }
  };
  const entries = Object.values(entryPoints).map((source) => compiledName(source, ".d.ts"));
  entries.forEach(visit);
  for (const entry of entries) found.set(entry, withReferences(found.get(entry)!));
  return found;
}

/** Libraries that the declarations need, so that users need not configure them. */
function withReferences(text: string): string {
  return `/// <reference lib="esnext.disposable" />\n${text}`;
}

/**
 * The declarations of the ES modules: those of the scripts, because modules may import scripts, but older
 * compilers refuse the reverse.
 */
function moduleDeclarations(): Texts {
  const entries = Object.entries(entryPoints).map(([entry, source]): [string, string] => [
    `${moduleName(entry)}.d.ts`,
    `export * from "../${FOLDERS.script}/${compiledName(source, ".js")}";\n`,
  ]);
  return new Map(entries);
}

function write(folder: string, texts: Texts): void {
  for (const [path, text] of texts) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/**
 * Makes the package from compiled modules, whichever compiler they come from: bundled chunks for `import` and
 * for `require`, with the declarations that users need, the manifest, and the licence texts.
 */
export async function assemblePackage(compiled: string, output: string): Promise<void> {
  const library = Object.entries(entryPoints);
  const declarations = reachableDeclarations(compiled);
  const { parts: modules, packages } = await bundle(compiled, [...library, ["./cli", COMMAND.source]]);
  const cli = modules.get("cli.js")!;
  modules.set("cli.js", `#!/usr/bin/env node\n${cli.replace(/^#!.*\n/, "")}`);

  emptyDirSync(output);
  const [module, script] = [FOLDERS.module, FOLDERS.script].map((name) => join(output, name));
  write(module, moduleDeclarations());
  write(module, modules);
  write(script, declarations);
  write(script, asScripts((await bundle(compiled, library)).parts));
  writeFileSync(join(script, "package.json"), '{ "type": "commonjs" }\n');
  for (const name of ["LICENSE", "README.md"]) copyFileSync(name, join(output, name));
  writeFileSync(join(output, "THIRD_PARTY_NOTICES.md"), noticesOf([...packages, ...IN_THE_PAGE]));
  writeFileSync(join(output, "package.json"), JSON.stringify(manifest(), null, 2) + "\n");
}
