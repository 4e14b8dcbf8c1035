import { type Stats, statSync } from "node:fs";
import type { JsonObject } from "../../../mod.ts";
import { nearestName } from "../../options.ts";
import { UsageError } from "../usage_error.ts";

/** The file given by `--to.file` or `--from.file`; no other options are allowed. */
export function fileOption(prefix: "to" | "from", options: JsonObject): string {
  checkKeys(prefix, options, ["file"]);
  const { file } = options;
  if (file === undefined) {
    const stream = prefix === "to" ? "standard output" : "standard input";
    throw new UsageError(`Missing option: add "--${prefix}.file FILE"; - is ${stream}`);
  }
  // A file may have a name that looks like a number.
  if ((typeof file === "string" && file !== "") || typeof file === "number") return String(file);
  throw new UsageError(`Option "--${prefix}.file" takes a path, found ${JSON.stringify(file)}`);
}

/** What is at a path to be read; throws for a folder, as reading does. */
export function statOfSource(path: string): Stats {
  const stat = statSync(path);
  if (stat.isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
  return stat;
}

/** Throws for a key that the format does not have. */
export function checkKeys(prefix: "to" | "from", options: JsonObject, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const meant = nearestName(key, known);
    const remedy = meant === undefined
      ? `known are ${known.join(", ")}`
      : `did you mean "--${prefix}.${meant}"?`;
    throw new UsageError(`Unknown option "--${prefix}.${key}": ${remedy}`);
  }
}
