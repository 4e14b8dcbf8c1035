import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { emptyDirSync } from "@std/fs/empty-dir";
import { COMMAND, commonManifest, entryPoints } from "./manifest.ts";

/** The part of `@deno/dnt` used here. */
interface Dnt {
  build(options: Record<string, unknown>): Promise<void>;
}

/** Kept out of import statements: this file must also load where JSR does not answer. */
const DNT = "jsr:@deno/dnt@~0.42.0";

/** Builds the npm package with dnt, which takes the `@std` modules along and compiles for Node 20. */
export async function buildWithDnt(output: string): Promise<void> {
  const { build } = await import(DNT) as Dnt;
  const { peerDependencies = {}, ...common } = commonManifest();
  // dnt makes whatever is imported a dependency, unless a mapping says that the user brings it.
  const mappings = Object.fromEntries(
    Object.entries(peerDependencies).map(([name, version]) => [
      `npm:${name}@${version}`,
      { name, version, peerDependency: true },
    ]),
  );
  emptyDirSync(output);
  await build({
    entryPoints: [
      ...Object.entries(entryPoints).map(([name, path]) => ({ name, path })),
      { kind: "bin", name: COMMAND.name, path: COMMAND.source },
    ],
    outDir: output,
    importMap: "deno.json",
    shims: {},
    mappings,
    package: { ...common, devDependencies: { "@types/node": "^20" } },
    scriptModule: false,
    skipSourceOutput: true,
    declarationMap: false,
    test: false,
    compilerOptions: { target: "ES2022", lib: ["ES2023", "DOM", "DOM.Iterable", "ESNext"] },
  });
  for (const name of ["LICENSE", "README.md"]) copyFileSync(name, join(output, name));
}
