import { readFileSync } from "node:fs";

/** The parts of this repository's own manifest that the published one repeats. */
interface OwnManifest {
  name: string;
  version: string;
  description: string;
  license: string;
  type: string;
  engines: Record<string, string>;
  dependencies: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
  keywords?: string[];
}

/** What stands in a manifest whoever builds the package. */
export type CommonManifest = Omit<OwnManifest, "type" | "dependencies">;

const own: OwnManifest = JSON.parse(readFileSync("package.json", "utf8"));

/** Packages that the library needs, with their ranges. */
export const dependencies: Record<string, string> = own.dependencies;

/** Name of the command, and where it starts. JSR knows no commands: there it is an entry point. */
export const COMMAND = { name: "diaspora-ctl", source: "./cli.ts" } as const;

/** The entry points of the library: `.`, `./testing` and others, each with its source file. */
export const entryPoints: Record<string, string> = Object.fromEntries(
  Object.entries<string>(JSON.parse(readFileSync("deno.json", "utf8")).exports)
    .filter(([, source]) => source !== COMMAND.source),
);

/** The manifest without what depends on where the files lie. */
export function commonManifest(): CommonManifest {
  const { name, version, description, license, engines, keywords, peerDependencies, peerDependenciesMeta } =
    own;
  return { name, version, description, license, engines, keywords, peerDependencies, peerDependenciesMeta };
}

/** The manifest of a package whose JavaScript files stand where their sources stood. */
export function manifest(): Record<string, unknown> {
  const compiled = (source: string, ending: string): string => source.replace(/\.ts$/, ending);
  const exports = Object.entries(entryPoints).map(([name, source]) => [
    name,
    { types: compiled(source, ".d.ts"), default: compiled(source, ".js") },
  ]);
  return {
    ...commonManifest(),
    type: own.type,
    exports: { ...Object.fromEntries(exports), "./package.json": "./package.json" },
    bin: { [COMMAND.name]: compiled(COMMAND.source, ".js").replace("./", "") },
    dependencies,
  };
}
