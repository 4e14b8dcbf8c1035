import { readdirSync, statSync } from "node:fs";
import { basename, join, normalize } from "node:path";

/** What {@linkcode walkSync} visits. */
export interface WalkOptions {
  /** Give directories, the root too. Default: true. */
  includeDirs?: boolean;
  /** Only paths that end so; the dot may be left out. */
  exts?: string[];
  /** Only paths that match one of these. */
  match?: RegExp[];
  /** Not the paths that match one of these, nor what is in them. */
  skip?: RegExp[];
}

/** One thing that {@linkcode walkSync} met. */
export interface WalkEntry {
  /** Last part of the path. */
  name: string;
  /** The path, beginning with the root as it was given. */
  path: string;
  /** Whether it is a regular file. */
  isFile: boolean;
  /** Whether it is a directory. */
  isDirectory: boolean;
  /** Whether it is a link, which is not followed. */
  isSymlink: boolean;
}

/** Gives everything in a directory and in those below it. */
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

/** What both a directory's entries and the state of a path tell. */
interface Kind {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}
