import { existsSync, readdirSync } from "node:fs";
import type { Storage } from "../../src/storage/port.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { folderSyncs } from "../log/port_wrapper.ts";

/**
 * The real file system behaving like those of other systems: names below `root` that differ in case, in the
 * encoding of an accent, or by dots and spaces at their end are the same. A new file keeps its spelling.
 */
export function foldingStorage(root: string): Storage {
  const fold = (name: string): string => name.replace(/[. ]+$/, "").normalize("NFC").toLowerCase();
  const find = (path: string): string => {
    if (!path.startsWith(`${root}/`)) return path;
    let found = root;
    for (const name of path.slice(root.length + 1).split("/")) {
      const names = existsSync(found) ? readdirSync(found) : [];
      found += `/${names.find((other) => fold(other) === fold(name)) ?? name.replace(/[. ]+$/, "")}`;
    }
    return found;
  };
  return {
    ...nodeStorage,
    open: (path, mode) => nodeStorage.open(find(path), mode),
    list: (path) => nodeStorage.list(find(path)),
    stat: (path) => nodeStorage.stat(find(path)),
    readWhole: (path, bytesMax) => nodeStorage.readWhole(find(path), bytesMax),
    makeDirectory: (path) => nodeStorage.makeDirectory(find(path)),
    publish: (path, content, options) => nodeStorage.publish(find(path), content, options),
    replace: (path, content) => nodeStorage.replace(find(path), content),
    rename: (from, to) => nodeStorage.rename(find(from), find(to)),
    remove: (path) => nodeStorage.remove(find(path)),
    removeTree: (path) => nodeStorage.removeTree(find(path)),
    ...folderSyncs((path) => nodeStorage.syncDirectory(find(path))),
  };
}
