import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What `package-lock.json` says of one installed package. */
interface LockedPackage {
  dependencies?: Record<string, string>;
}

type Manifest = Record<string, unknown> & {
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, unknown>;
};

/** A peer that comes along too, since where no registry is, no one could bring it. */
const PEER = "@platformatic/kafka";

const locked: Record<string, LockedPackage> = JSON.parse(readFileSync("package-lock.json", "utf8")).packages;

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

function writeManifest(folder: string, manifest: Record<string, unknown>): void {
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest, null, 2) + "\n");
}

/** Where a package finds another: beside itself, or in the `node_modules` of a folder above. */
function find(name: string, from: string): string {
  for (let at = from;; at = dirname(at)) {
    const path = join(at, "node_modules", name);
    if (path in locked) return path;
    if (at === ".") throw new Error(`Cannot bundle "${name}": package-lock.json does not have it`);
  }
}

/** Paths of the packages that these names lead to, with all that those need. */
function closure(names: string[]): Set<string> {
  const found = new Set<string>();
  const visit = (name: string, from: string): void => {
    const path = find(name, from);
    if (found.has(path)) return;
    found.add(path);
    for (const next of Object.keys(locked[path].dependencies ?? {})) visit(next, path);
  };
  for (const name of names) visit(name, ".");
  return found;
}

/**
 * Puts the packages that the library needs into the built package itself, so that its tarball installs where no
 * registry is. What is optional for them is machine code for some machines: it is left out, and no longer named,
 * for npm would ask the registry for it.
 */
export function bundleDependencies(output: string): void {
  const manifest = readManifest(output);
  const { [PEER]: range, ...peerDependencies } = manifest.peerDependencies;
  const { [PEER]: _, ...peerDependenciesMeta } = manifest.peerDependenciesMeta;
  const dependencies = { ...manifest.dependencies, [PEER]: range };
  const names = Object.keys(dependencies);
  for (const path of closure(names)) {
    const nested = join(path, "node_modules");
    cpSync(path, join(output, path), { recursive: true, filter: (source) => !source.startsWith(nested) });
    const { optionalDependencies: _optional, ...own } = readManifest(path);
    writeManifest(join(output, path), own);
  }
  const changed = { dependencies, peerDependencies, peerDependenciesMeta, bundleDependencies: names };
  writeManifest(output, { ...manifest, ...changed });
}
