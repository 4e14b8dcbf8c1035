import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Name of the checksum file; `sha256sum --check` reads it. */
export const CHECKSUMS = "SHA256SUMS";

/** Writes the checksums of all files in a folder to a file in the same folder. */
export function writeChecksums(folder: string): void {
  const lines = readdirSync(folder).filter((name) => name !== CHECKSUMS).sort().map((name) => {
    const sum = createHash("sha256").update(readFileSync(join(folder, name))).digest("hex");
    return `${sum}  ${name}\n`;
  });
  writeFileSync(join(folder, CHECKSUMS), lines.join(""));
}
