// Replaces dnt, which is only available from JSR, in the tests of how it is called. It refuses what dnt 0.43
// refuses or does wrong, and puts the modules where dnt does. A test registry serves it as a package.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

interface EntryPoint {
  kind?: "bin" | "export";
  name: string;
  path: string;
}

interface Options {
  entryPoints: EntryPoint[];
  outDir: string;
  configFile?: string;
  importMap?: string;
  mappings: Record<string, { name: string; version: string; peerDependency?: boolean }>;
  package: { name: string; version: string; devDependencies?: Record<string, string> };
  polyfills?: boolean | Record<string, boolean>;
  scriptModule?: false | "cjs" | "umd";
  shims: Record<string, unknown>;
  test?: boolean;
}

const KNOWN = [
  ...["entryPoints", "outDir", "configFile", "importMap", "mappings", "package", "polyfills", "scriptModule"],
  ...["shims", "skipSourceOutput", "declarationMap", "test", "compilerOptions"],
];

function refuse(why: string): never {
  throw new Error(`dnt would not do this: ${why}`);
}

/** Bare imports of a package's modules, with the version ranges in deno.json. */
function importsOf(config: string): Map<string, string> {
  const { imports } = JSON.parse(readFileSync(config, "utf8")) as { imports: Record<string, string> };
  const npm = Object.entries(imports).filter(([, target]) => target.startsWith("npm:"));
  return new Map(npm.map(([name, target]) => [name, target.slice(`npm:${name}@`.length)]));
}

function check(options: Options): void {
  const unknown = Object.keys(options).filter((name) => !KNOWN.includes(name));
  if (unknown.length > 0) refuse(`it knows no option ${unknown.join()}`);
  if (options.importMap !== undefined) refuse("an import map lacks the subpaths of packages");
  if (options.configFile === undefined) refuse("the deno.json would be one found by chance");
  if (options.scriptModule !== false) refuse("its CommonJS turns every import() into require(), ESM or not");
  if (options.test !== false) refuse("the tests of this repository would be started");
  for (const { kind, path } of options.entryPoints) {
    const shebang = readFileSync(path, "utf8").startsWith("#!");
    if (shebang && (kind !== "bin" || options.polyfills !== false)) {
      refuse(`a polyfill comes before the first line of ${path}`);
    }
  }
  const imports = importsOf(options.configFile);
  for (const [specifier, { name }] of Object.entries(options.mappings)) {
    if (!imports.has(specifier)) refuse(`the mapped "${specifier}" is not in the code`);
    // It checks types, and installs peer dependencies only if they are named.
    if (!(name in (options.package.devDependencies ?? {}))) refuse(`"${name}" would not be installed`);
  }
  if (!("@types/node" in (options.package.devDependencies ?? {}))) refuse("no types of node: modules");
}

/** Checks the options as strictly as dnt, and compiles as it does. */
export async function build(options: Options): Promise<void> {
  check(options);
  const repository = new URL(`file://${process.cwd()}/`);
  const compiler = new URL("tools/npm/with_typescript.ts", repository).href;
  const { compileWithTypescript } = await import(compiler);
  const esm = join(options.outDir, "esm");
  mkdirSync(esm, { recursive: true });
  compileWithTypescript(esm);
  const mapped = Object.values(options.mappings);
  const own = JSON.parse(readFileSync("package.json", "utf8")).dependencies;
  const dependencies = [...importsOf(options.configFile!)].filter(([name]) => name in own);
  const manifest = {
    ...options.package,
    dependencies: Object.fromEntries(dependencies),
    peerDependencies: Object.fromEntries(mapped.map(({ name, version }) => [name, version])),
    _generatedBy: "dnt@0.43.99",
  };
  writeFileSync(join(options.outDir, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(options.outDir, ".npmignore"), "/src/\n");
  writeFileSync(join(options.outDir, "asked.json"), JSON.stringify(options));
}
