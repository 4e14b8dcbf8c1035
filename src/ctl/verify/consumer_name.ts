import { consumerFolder, consumerFolderApart, NAME_BYTES_MAX } from "../../drivers/files/layout.ts";
import type { Finding } from "../../log/finding.ts";
import { nodeStorage } from "../../storage/node.ts";

/** The file in a consumer's folder that holds its name. */
const NAME_FILE = "name";

/** Checks that the name a consumer's folder holds is the one it stands for. */
export function verifyConsumerName(folder: string): Finding[] {
  const file = `${folder}/${NAME_FILE}`;
  const bytes = nodeStorage.readWhole(file, NAME_BYTES_MAX);
  if (bytes !== undefined && foldersOf(new TextDecoder().decode(bytes)).includes(nameOf(folder))) return [];
  // A consumer that was killed before it stored a position.
  if (bytes === undefined && !nodeStorage.list(folder).some((name) => name.endsWith(".pos"))) return [];
  const isKnown = nameFromFolder(nameOf(folder)) !== undefined;
  const reason = bytes === undefined ? "a consumer's name is missing" : "a consumer's name is damaged";
  return [{
    severity: isKnown ? "redundant" : "damage",
    kind: "consumer name",
    partition: 0,
    firstId: 0,
    endId: 0,
    file,
    offset: 0,
    reason,
  }];
}

/** Writes a consumer's name again, as its folder tells it. */
export function writeConsumerName(file: string): void {
  const name = nameFromFolder(nameOf(file.slice(0, -NAME_FILE.length - 1)));
  if (name !== undefined) nodeStorage.replace(file, new TextEncoder().encode(name));
}

/** The name that a folder was made from; undefined for a long one, of which it has the beginning alone. */
function nameFromFolder(folder: string): string | undefined {
  try {
    const name = decodeURIComponent(folder);
    return consumerFolder(name) === folder ? name : undefined;
  } catch {
    return undefined;
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function foldersOf(name: string): string[] {
  return [consumerFolder(name), consumerFolderApart(name)];
}
