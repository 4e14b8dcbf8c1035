import { readFileSync } from "node:fs";

/** The parts of this repository's own manifest that the published one repeats. */
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
 * Packages that the built modules hold themselves, since only small parts of them are used: most programs want
 * neither, and each would be an installation of a megabyte.
 */
export const BUILT_IN: readonly string[] = ["cborg", "yaml"];

/** Packages that the library needs, with their ranges. */
export const dependencies: Record<string, string> = Object.fromEntries(
  Object.entries(own.dependencies).filter(([name]) => !BUILT_IN.includes(name)),
);

/** Packages that their users bring, with their ranges. */
export const peers: Record<string, string> = own.peerDependencies;

/** Name of the command, and where it starts. JSR knows no commands: there it is an entry point. */
export const COMMAND = { name: "diaspora-ctl", source: "./cli.ts" } as const;

/** The entry points of the library: `.`, `./testing` and others, each with its source file. */
export const entryPoints: Record<string, string> = Object.fromEntries(
  Object.entries<string>(JSON.parse(readFileSync("deno.json", "utf8")).exports)
    .filter(([, source]) => source !== COMMAND.source),
);

/** The built module of an entry point or of the command, without its ending: `mod`, `testing`, `cli`. */
export function moduleName(entry: string): string {
  return entry === "." ? "mod" : entry.replace("./", "");
}

/** Folders of the package: modules, and the same for `require` of a Node that knows no `require` of modules. */
export const FOLDERS = { module: "esm", script: "script" } as const;

function exported(folder: string, entry: string, source: string): { types: string; default: string } {
  return {
    types: `./${folder}/${source.replace("./", "").replace(/\.ts$/, ".d.ts")}`,
    default: `./${folder}/${moduleName(entry)}.js`,
  };
}

/** The published manifest, whichever compiler made the modules. */
export function manifest(): Record<string, unknown> {
  const { name, version, description, license, keywords, homepage, repository, bugs, type, engines } = own;
  const exports = Object.entries(entryPoints).map(([entry, source]) => {
    const module = exported(FOLDERS.module, entry, source);
    // A Node that knows `require` of modules takes the first one: then there is one copy of the library.
    return [entry, {
      "module-sync": module,
      import: module,
      require: exported(FOLDERS.script, entry, source),
    }];
  });
  return {
    ...{ name, version, description, license, keywords, homepage, repository, bugs, type, engines },
    main: `./${FOLDERS.script}/mod.js`,
    module: `./${FOLDERS.module}/mod.js`,
    types: `./${FOLDERS.module}/mod.d.ts`,
    exports: { ...Object.fromEntries(exports), "./package.json": "./package.json" },
    // Importing the entry point of Kafka makes its driver known.
    sideEffects: true,
    bin: { [COMMAND.name]: `${FOLDERS.module}/${moduleName("./cli")}.js` },
    dependencies,
    peerDependencies: own.peerDependencies,
    peerDependenciesMeta: own.peerDependenciesMeta,
  };
}
