import { listIfThere, type Storage } from "../../storage/port.ts";
import { foldersOf } from "./consumer_names.ts";
import { checkIsFolder } from "./layout.ts";

/** File with the consumer's name, which tells the folder from another consumer's and from an incomplete leftover. */
export const NAME_FILE = "name";
/** Names are shorter than this; a longer file is not a name. */
const NAME_BYTES_MAX = 4096;
/** A name may begin with U+FEFF, which is a byte order mark at the start of other texts. */
const nameDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Whether positions are stored in a folder. */
export function hasPositions(storage: Storage, path: string): boolean {
  return listIfThere(storage, path).some((file) => file.endsWith(".pos"));
}

/** The consumer name stored in a folder; undefined if there is none. */
export function readName(storage: Storage, path: string): string | undefined {
  const bytes = storage.readWhole(`${path}/${NAME_FILE}`, NAME_BYTES_MAX);
  return bytes === undefined ? undefined : nameDecoder.decode(bytes);
}

/**
 * The existing folders with a name's positions, and a path for a new one. If versions with different naming
 * schemes created two, the first one counts. Throws for a symbolic link, which could lead out of the topic.
 */
export function findFolders(
  { storage, directory }: { storage: Storage; directory: string },
  name: string,
): { found: string[]; free: string } {
  checkIsFolder(storage, directory);
  const found: string[] = [];
  let free: string | undefined;
  for (const { folder, isUnique, isFormer } of foldersOf(name)) {
    const path = `${directory}/${folder}`;
    // Most of the folders that are asked for are not there.
    const isThere = checkIsFolder(storage, path);
    const stored = isThere ? readName(storage, path) : undefined;
    const isDamaged = stored === undefined ? isThere && hasPositions(storage, path) : stored !== name;
    // This is exactly the name's folder on every file system, whatever its name file says, which `verify` reports.
    const isFound = stored === name || (isDamaged && isUnique && storage.list(directory).includes(folder));
    if (isFound) found.push(path);
    else if (stored === undefined && !isFormer) free ??= path;
  }
  // The last candidate has a hash in its name, so no other consumer can use it.
  return { found, free: free ?? "" };
}
