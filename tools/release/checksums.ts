import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Name of the file with the sums; `sha256sum --check` reads it. */
export const CHECKSUMS = "SHA256SUMS";

/** Writes the sums of all files in a folder into a file beside them. */
export function writeChecksums(folder: string): void {
  const lines = readdirSync(folder).filter((name) => name !== CHECKSUMS).sort().map((name) => {
    const sum = createHash("sha256").update(readFileSync(join(folder, name))).digest("hex");
    return `${sum}  ${name}\n`;
  });
  writeFileSync(join(folder, CHECKSUMS), lines.join(""));
}
