import { walkSync } from "@std/fs/walk";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** A package in one version, as JSR keeps it. */
export interface JsrPackage {
  /** Name with scope, e.g. `@std/cli`. */
  name: string;
  version: string;
  /** Entry points, e.g. `./parse-args`, and the files they are. */
  exports: Record<string, string>;
  /** Contents by path from the root of the package, e.g. `parse_args.ts`. */
  files: Map<string, Uint8Array>;
}

/** Every file in a folder. */
export function readFiles(folder: string): Map<string, Uint8Array> {
  return new Map(
    [...walkSync(folder, { includeDirs: false })].map(({ path }) => [
      relative(folder, path),
      new Uint8Array(readFileSync(path)),
    ]),
  );
}

/** A stand-in for a package of `@std`, as if it had come from there. */
export function standIn(folder: string): JsrPackage {
  const files = readFiles(join("tools/std", folder));
  const entries = [...files.keys()].filter((file) => !file.startsWith("_") && file !== "mod.ts");
  return {
    name: `@std/${folder}`,
    version: "1.0.99",
    exports: {
      ".": "./mod.ts",
      ...Object.fromEntries(
        entries.map((file) => [`./${file.slice(0, -3).replaceAll("_", "-")}`, `./${file}`]),
      ),
    },
    files,
  };
}

/** What JSR says of one version: its files with their sums, and its entry points. */
export function versionDocument({ exports, files }: JsrPackage): string {
  const manifest = [...files].map(([path, bytes]) => [`/${path}`, {
    size: bytes.length,
    checksum: `sha256-${createHash("sha256").update(bytes).digest("hex")}`,
  }]);
  return JSON.stringify({ manifest: Object.fromEntries(manifest), exports });
}
