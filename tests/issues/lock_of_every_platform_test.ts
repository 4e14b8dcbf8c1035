// `npm ci` refused the lock file of bench/peers in a fresh clone: it had been created next to installed
// packages and lacked the optional ones for other platforms. A lock file must list the packages for every
// platform.
import { assertEquals, assertGreater } from "@std/assert";
import { readFileSync } from "node:fs";
import { test } from "../harness.ts";

interface Locked {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

/** Where a package resolves another: in its own `node_modules`, or in that of a parent folder. */
function placesOf(name: string, path: string): string[] {
  const folders = [path];
  for (
    let at = path.lastIndexOf("/node_modules/");
    at >= 0;
    at = path.lastIndexOf("/node_modules/", at - 1)
  ) {
    folders.push(path.slice(0, at));
  }
  if (path !== "") folders.push("");
  return folders.map((folder) => `${folder === "" ? "" : `${folder}/`}node_modules/${name}`);
}

/** What packages in a lock file depend on and the lock file lacks. */
function missing(packages: Record<string, Locked>): string[] {
  return Object.entries(packages).flatMap(([path, locked]) => {
    const { dependencies, devDependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } =
      locked;
    const peers = Object.keys(peerDependencies ?? {}).filter((name) =>
      !peerDependenciesMeta?.[name]?.optional
    );
    const wanted = { ...dependencies, ...(path === "" ? devDependencies : {}), ...optionalDependencies };
    return [...Object.keys(wanted), ...peers]
      .filter((name) => !placesOf(name, path).some((place) => place in packages))
      .map((name) => `${name}, which "${path}" asks for`);
  });
}

for (const folder of [".", "bench/peers"]) {
  test(`the lock of "${folder}" holds the packages of every platform, and what package.json asks for`, () => {
    const read = (file: string) =>
      JSON.parse(readFileSync(new URL(`../../${folder}/${file}`, import.meta.url), "utf8"));
    const { packages } = read("package-lock.json");
    assertGreater(Object.keys(packages).length, 10);
    assertEquals(missing(packages), []);
    const own = read("package.json");
    for (const kind of ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"]) {
      assertEquals(packages[""][kind], own[kind], kind);
    }
  });
}
