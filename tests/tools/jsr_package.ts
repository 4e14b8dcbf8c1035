import { walkSync } from "@std/fs/walk";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** One version of a package, as JSR stores it. */
export interface JsrPackage {
  /** Name with scope, e.g. `@std/cli`. */
  name: string;
  version: string;
  /** Entry points, e.g. `./parse-args`, and their files. */
  exports: Record<string, string>;
  /** Contents by path, relative to the root of the package, e.g. `parse_args.ts`. */
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

/** A stand-in for an `@std` package, as if it came from JSR. */
export function standIn(folder: string): JsrPackage {
  const texts = [...readFiles(join("tools/std", folder))].map(([file, bytes]): [string, string] => [
    file,
    new TextDecoder().decode(bytes).replace('from "minimist"', 'from "npm:minimist@^1.2.8"'),
  ]);
  const entries = texts.map(([file]) => file).filter((file) => file !== "mod.ts");
  const root = entries.map((file) => `export * from "./${file}";\n`).join("");
  const files = new Map([["mod.ts", root], ...texts]);
  return {
    name: `@std/${folder}`,
    version: "1.0.99",
    exports: {
      ".": "./mod.ts",
      ...Object.fromEntries(
        entries.map((file) => [`./${file.slice(0, -3).replaceAll("_", "-")}`, `./${file}`]),
      ),
    },
    files: new Map([...files].map(([file, text]) => [file, new TextEncoder().encode(text)])),
  };
}

/** JSR's metadata of one version: its files with their checksums, and its entry points. */
export function versionDocument({ exports, files }: JsrPackage): string {
  const manifest = [...files].map(([path, bytes]) => [`/${path}`, {
    size: bytes.length,
    checksum: `sha256-${createHash("sha256").update(bytes).digest("hex")}`,
  }]);
  return JSON.stringify({ manifest: Object.fromEntries(manifest), exports });
}
