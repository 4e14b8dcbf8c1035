import { basename, dirname } from "node:path";
import { hasPositions, NAME_FILE, readName } from "../../drivers/files/name_file.ts";
import { canBeIn, nameOfFolder } from "../../drivers/files/consumer_names.ts";
import { aboutFile, type Finding } from "../../log/check/mod.ts";
import type { Storage } from "../../storage/port.ts";

/** Checks that the name in a consumer's folder matches the folder's name. */
export function verifyConsumerName(storage: Storage, folder: string): Finding[] {
  const name = readName(storage, folder);
  if (name !== undefined && canBeIn(name, basename(folder))) return [];
  // The consumer was killed before it stored a position.
  if (name === undefined && !hasPositions(storage, folder)) return [];
  const isKnown = nameOfFolder(basename(folder)) !== undefined;
  const reason = name === undefined ? "a consumer's name is missing" : "a consumer's name is damaged";
  const severity = isKnown ? "redundant" : "damage";
  return [aboutFile({ severity, kind: "consumer name", file: `${folder}/${NAME_FILE}`, reason })];
}

/** Rewrites a consumer's name from its folder's name. */
export function writeConsumerName(storage: Storage, file: string): void {
  const name = nameOfFolder(basename(dirname(file)));
  if (name !== undefined) storage.replace(file, new TextEncoder().encode(name));
}
