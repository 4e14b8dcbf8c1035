import { readdirSync, statSync } from "node:fs";
import { basename, join, normalize } from "node:path";

/** What {@linkcode walkSync} visits. */
export interface WalkOptions {
  /** Return directories, including the root. Default: true. */
  includeDirs?: boolean;
  /** Only paths with one of these extensions; the dot may be left out. */
  exts?: string[];
  /** Only paths that match one of these. */
  match?: RegExp[];
  /** Leaves out paths that match one of these, and everything in them. */
  skip?: RegExp[];
}

/** An entry that {@linkcode walkSync} found. */
export interface WalkEntry {
  /** Last part of the path. */
  name: string;
  /** The path, beginning with the root as given. */
  path: string;
  /** Whether it is a regular file. */
  isFile: boolean;
  /** Whether it is a directory. */
  isDirectory: boolean;
  /** Whether it is a symbolic link, which is not followed. */
  isSymlink: boolean;
}

/** Returns everything in a directory and its subdirectories. */
export function* walkSync(root: string, options: WalkOptions = {}): IterableIterator<WalkEntry> {
  const { includeDirs = true, exts, match, skip } = options;
  const visit = function* (path: string, kind: Kind): IterableIterator<WalkEntry> {
    if (skip?.some((pattern) => pattern.test(path))) return;
    const isDirectory = kind.isDirectory();
    const isWanted = (includeDirs || !isDirectory) &&
      (match?.some((pattern) => pattern.test(path)) ?? true) &&
      (exts?.some((ext) => path.endsWith(ext.startsWith(".") ? ext : `.${ext}`)) ?? true);
    const [isFile, isSymlink] = [kind.isFile(), kind.isSymbolicLink()];
    if (isWanted) yield { name: basename(path), path, isFile, isDirectory, isSymlink };
    if (!isDirectory) return;
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      yield* visit(join(path, entry.name), entry);
    }
  };
  yield* visit(normalize(root), statSync(root));
}

/** What both a directory entry and a file's status have. */
interface Kind {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}
