import { join } from "node:path";
import process from "node:process";
import { readFileSync } from "node:fs";
import { COMMAND, entryPoints, peers } from "./manifest.ts";

/** The part of `@deno/dnt` used here. */
interface Dnt {
  build(options: Record<string, unknown>): Promise<void>;
}

/** Not in an import statement: this file must also load when JSR is not reachable. */
const DNT = "jsr:@deno/dnt@~0.43.0";

/**
 * Compiles the entry points and all they import with dnt; returns the folder under `folder` with the modules.
 */
export async function compileWithDnt(folder: string): Promise<string> {
  const { build } = await import(DNT) as Dnt;
  const { name, version, dependencies, devDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  // dnt makes every imported package a dependency, unless a mapping says that it is a peer.
  const mappings = Object.fromEntries(
    Object.entries(peers).map(([name, version]) => [name, { name, version, peerDependency: true }]),
  );
  // To check types, it installs what is imported; peer dependencies only if they are named here.
  const wanted = ["@types/node", ...Object.keys(peers)];
  await build({
    entryPoints: [
      ...Object.entries(entryPoints).map(([name, path]) => ({ name, path })),
      { kind: "bin", name: COMMAND.name, path: COMMAND.source },
    ],
    outDir: folder,
    // As Deno itself reads it, rather than as an import map.
    configFile: join(process.cwd(), "deno.json"),
    shims: {},
    mappings,
    package: {
      name,
      version,
      devDependencies: Object.fromEntries(wanted.map((name) => [name, devDependencies[name]])),
      peerDependenciesMeta: Object.fromEntries(
        Object.keys(peers).map((name) => [name, { optional: true }]),
      ),
    },
    scriptModule: false,
    // The library runs on Node 20 without shims; and dnt would put them before the first line of the command.
    polyfills: false,
    skipSourceOutput: true,
    declarationMap: false,
    test: false,
    compilerOptions: { target: "ES2022", lib: ["ES2023", "DOM", "DOM.Iterable", "ESNext"] },
  });
  checkFound(folder, dependencies);
  return join(folder, "esm");
}

/**
 * The imports that dnt finds must match package.json: otherwise users would lack a package, or install one
 * for nothing.
 */
function checkFound(folder: string, named: Record<string, string>): void {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const [found, expected] = [{ ...dependencies, ...peerDependencies }, { ...named, ...peers }]
    .map((packages) => JSON.stringify(Object.entries(packages).sort()));
  if (found !== expected) throw new Error(`Cannot build the package: dnt found ${found}, not ${expected}`);
}
