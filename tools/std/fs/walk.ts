import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

/** What {@linkcode walk} visits. */
export interface WalkOptions {
  /** How deep to go: 0 gives the root alone. Default: no limit. */
  maxDepth?: number;
  /** Give files. Default: true. */
  includeFiles?: boolean;
  /** Give directories, the root too. Default: true. */
  includeDirs?: boolean;
  /** Give links that are not followed. Default: true. */
  includeSymlinks?: boolean;
  /** Go into what links lead to. Default: false. */
  followSymlinks?: boolean;
  /** With {@linkcode followSymlinks}: give the path a link leads to in place of the link's. Default: true. */
  canonicalize?: boolean;
  /** Only paths that end so; the dot may be left out. Directories are left out then. */
  exts?: string[];
  /** Only paths that match one of these. */
  match?: RegExp[];
  /** Not the paths that match one of these, nor what is in them. */
  skip?: RegExp[];
}

/** One thing that {@linkcode walk} met. */
export interface WalkEntry {
  /** Last part of the path. */
  name: string;
  /** The path, beginning with the root as it was given. */
  path: string;
  /** Whether it is a regular file. */
  isFile: boolean;
  /** Whether it is a directory. */
  isDirectory: boolean;
  /** Whether it is a link. */
  isSymlink: boolean;
}

function entryOf(path: string, found: Dirent | Stats): WalkEntry {
  return {
    name: basename(path),
    path,
    isFile: found.isFile(),
    isDirectory: found.isDirectory(),
    isSymlink: found.isSymbolicLink(),
  };
}

function isSkipped(path: string, skip: RegExp[] | undefined): boolean {
  return skip?.some((pattern) => pattern.test(path)) ?? false;
}

function isWanted(path: string, options: WalkOptions): boolean {
  const { exts, match, skip } = options;
  if (exts && !exts.some((ext) => path.endsWith(ext.startsWith(".") ? ext : `.${ext}`))) return false;
  if (match && !match.some((pattern) => pattern.test(path))) return false;
  return !isSkipped(path, skip);
}

/** {@linkcode walk} without waiting. */
export function* walkSync(root: string | URL, options: WalkOptions = {}): IterableIterator<WalkEntry> {
  const { maxDepth = Infinity, includeFiles = true, includeDirs = true, includeSymlinks = true } = options;
  const { followSymlinks = false, canonicalize = true, skip } = options;
  if (maxDepth < 0) return;
  const top = normalize(root instanceof URL ? fileURLToPath(root) : root);
  if (includeDirs && isWanted(top, options)) yield entryOf(top, statSync(top));
  if (maxDepth < 1 || isSkipped(top, skip)) return;
  for (const found of readdirSync(top, { withFileTypes: true })) {
    let path = join(top, found.name);
    let entry = entryOf(path, found);
    if (entry.isSymlink && followSymlinks) {
      const target = realpathSync(path);
      if (canonicalize) path = target;
      entry = { ...entryOf(path, statSync(target)), isSymlink: false };
    } else if (entry.isSymlink) {
      if (includeSymlinks && isWanted(path, options)) yield entry;
      continue;
    }
    if (entry.isDirectory) yield* walkSync(path, { ...options, maxDepth: maxDepth - 1 });
    else if (entry.isFile && includeFiles && isWanted(path, options)) yield entry;
  }
}

/** Gives everything in a directory and in those below it. */
export async function* walk(root: string | URL, options: WalkOptions = {}): AsyncIterableIterator<WalkEntry> {
  // Reading directories is quick, and one order of visiting is easier to trust than two.
  for (const entry of walkSync(root, options)) {
    await Promise.resolve();
    yield entry;
  }
}
