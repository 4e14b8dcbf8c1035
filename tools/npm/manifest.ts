import { readFileSync } from "node:fs";

/** The fields of this repository's manifest that the published one repeats. */
interface OwnManifest {
  name: string;
  version: string;
  description: string;
  license: string;
  keywords: string[];
  homepage: string;
  repository: { type: string; url: string };
  bugs: string;
  type: string;
  engines: Record<string, string>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional?: boolean }>;
}

const own: OwnManifest = JSON.parse(readFileSync("package.json", "utf8"));

/**
 * Packages that are bundled into the modules, since only small parts of them are used: most programs need
 * none of them, and each would install a megabyte or more.
 */
export const BUILT_IN: readonly string[] = ["ajv", "cborg", "yaml"];

/** The library's dependencies, with their ranges. */
export const dependencies: Record<string, string> = Object.fromEntries(
  Object.entries(own.dependencies).filter(([name]) => !BUILT_IN.includes(name)),
);

/** Peer dependencies, with their ranges. */
export const peers: Record<string, string> = own.peerDependencies;

/** Name of the command, and its entry point. JSR has no commands: there it is an export. */
export const COMMAND = { name: "diaspora-ctl", shortName: "dctl", source: "./cli.ts" } as const;

/** The entry points of the library: `.`, `./testing` and others, each with its source file. */
export const entryPoints: Record<string, string> = Object.fromEntries(
  Object.entries<string>(JSON.parse(readFileSync("deno.json", "utf8")).exports)
    .filter(([, source]) => source !== COMMAND.source),
);

/** The built module of an entry point or of the command, without its extension: `mod`, `testing`, `cli`. */
export function moduleName(entry: string): string {
  return entry === "." ? "mod" : entry.replace("./", "");
}

/**
 * Folders of the package: ES modules, and the same as CommonJS for versions of Node that cannot `require` ES
 * modules.
 */
export const FOLDERS = { module: "esm", script: "script" } as const;

function exported(folder: string, entry: string, types: string): { types: string; default: string } {
  return { types: `./${folder}/${types}.d.ts`, default: `./${folder}/${moduleName(entry)}.js` };
}

/** The declarations of the entry points, by their names. */
function typesOfEntries(): Record<string, string[]> {
  const names = Object.keys(entryPoints).map(moduleName).filter((name) => name !== "mod");
  return Object.fromEntries(names.map((name) => [name, [`./${FOLDERS.module}/${name}.d.ts`]]));
}

/** The published manifest, whichever compiler made the modules. */
export function manifest(): Record<string, unknown> {
  const { name, version, description, license, keywords, homepage, repository, bugs, type, engines } = own;
  const exports = Object.entries(entryPoints).map(([entry, source]) => {
    const module = exported(FOLDERS.module, entry, moduleName(entry));
    // Bun, and a Node that can `require` ES modules, use these first: then there is only one copy of the library.
    return [entry, {
      bun: module,
      "module-sync": module,
      import: module,
      require: exported(FOLDERS.script, entry, source.replace("./", "").replace(/\.ts$/, "")),
    }];
  });
  const program = `${FOLDERS.module}/${moduleName("./cli")}.js`;
  return {
    ...{ name, version, description, license, keywords, homepage, repository, bugs, type, engines },
    main: `./${FOLDERS.script}/mod.js`,
    module: `./${FOLDERS.module}/mod.js`,
    types: `./${FOLDERS.module}/mod.d.ts`,
    // For compilers that do not read `exports`: TypeScript with `moduleResolution: node10`.
    typesVersions: { "*": typesOfEntries() },
    exports: { ...Object.fromEntries(exports), "./package.json": "./package.json" },
    // Importing the Kafka entry point registers its driver.
    sideEffects: true,
    // npx starts the first one, since both are the same program.
    bin: { [COMMAND.name]: program, [COMMAND.shortName]: program },
    dependencies,
    peerDependencies: own.peerDependencies,
    peerDependenciesMeta: own.peerDependenciesMeta,
  };
}
