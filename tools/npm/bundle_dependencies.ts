import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** An installed package's entry in `package-lock.json`. */
interface LockedPackage {
  dependencies?: Record<string, string>;
}

type Manifest = Record<string, unknown> & {
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, unknown>;
};

/** An optional peer that is included too, because it cannot be installed without a registry. */
const PEER = "@platformatic/kafka";

const locked: Record<string, LockedPackage> = JSON.parse(readFileSync("package-lock.json", "utf8")).packages;

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

function writeManifest(folder: string, manifest: Record<string, unknown>): void {
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest, null, 2) + "\n");
}

/** Where a package resolves another: in its own `node_modules`, or in that of a parent folder. */
function find(name: string, from: string): string {
  for (let at = from;; at = dirname(at)) {
    const path = join(at, "node_modules", name);
    if (path in locked) return path;
    if (at === ".") throw new Error(`Cannot bundle "${name}": package-lock.json does not have it`);
  }
}

/** Paths of the packages with these names, and of all their dependencies. */
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
 * Copies the library's dependencies into the built package, so that its tarball can be installed without a
 * registry. Their optional dependencies are native code for some platforms: they are left out, and removed
 * from the manifests, because npm would look for them in the registry.
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
