import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { storageOn } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import type { FileSystem } from "../../src/storage/system.ts";

/** Which of Windows' restrictions a file system has. */
export interface Ways {
  /** Whether it has hard links, as NTFS has and exFAT has not. */
  links: boolean;
}

function refusal(code: string, call: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${call} '${path}'`), { code, syscall: call, path });
}

/**
 * `node:fs` as it behaves on Windows: folders cannot be opened, nothing is renamed over a folder or over an
 * open file, a folder with an open file in it cannot be renamed, and names are case-insensitive.
 */
export function windowsFiles({ links }: Ways): FileSystem {
  const open = new Map<number, string>();
  const actual = (path: fs.PathLike): string => {
    const given = String(path);
    if (fs.existsSync(given) || dirname(given) === given) return given;
    const folder = actual(dirname(given));
    const name = basename(given).toLowerCase();
    const entries = fs.existsSync(folder) && fs.statSync(folder).isDirectory() ? fs.readdirSync(folder) : [];
    const found = entries.find((entry) => entry.toLowerCase() === name);
    return join(folder, found ?? basename(given));
  };
  const isHeld = (path: string): boolean =>
    [...open.values()].some((held) => held === path || held.startsWith(`${path}/`));
  const calls = {
    closeSync(descriptor: number): void {
      open.delete(descriptor);
      fs.closeSync(descriptor);
    },
    openSync(path: string, flags: string | number, mode?: number): number {
      const its = actual(path);
      if (fs.lstatSync(its, { throwIfNoEntry: false })?.isDirectory()) throw refusal("EISDIR", "open", path);
      const descriptor = fs.openSync(its, flags, mode);
      open.set(descriptor, its);
      return descriptor;
    },
    linkSync(from: string, to: string): void {
      if (!links) throw refusal("EISDIR", "link", from);
      fs.linkSync(actual(from), actual(to));
    },
    renameSync(from: string, to: string): void {
      const [source, target] = [actual(from), actual(to)];
      const there = source === target ? undefined : fs.lstatSync(target, { throwIfNoEntry: false });
      if (there?.isDirectory()) throw refusal("EPERM", "rename", from);
      if (there !== undefined && isHeld(target)) throw refusal("EPERM", "rename", from);
      if (fs.lstatSync(source).isDirectory() && isHeld(source)) throw refusal("EPERM", "rename", from);
      fs.renameSync(source, dirname(target) === dirname(to) ? target : join(dirname(target), basename(to)));
    },
    lstatSync: (path: string, options?: fs.StatSyncOptions) => fs.lstatSync(actual(path), options),
    mkdirSync: (path: string) => fs.mkdirSync(actual(path)),
    readdirSync: (path: string) => fs.readdirSync(actual(path)),
    rmSync: (path: string, options?: fs.RmOptions) => fs.rmSync(actual(path), options),
    rmdirSync: (path: string) => fs.rmdirSync(actual(path)),
  };
  return { ...fs, ...calls } as unknown as FileSystem;
}

/** The storage port on such a file system. */
export function windowsStorage(ways: Ways): Storage {
  return storageOn({ fs: windowsFiles(ways), windows: true });
}
