import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { storageOn } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import type { FileSystem } from "../../src/storage/system.ts";

/** Which of Windows' restrictions a file system has. */
export interface Ways {
  /** Whether it has hard links, as NTFS has and exFAT has not. */
  links: boolean;
  /**
   * Whether a file that is removed while it is open keeps its name until it is closed, and no one can use that name
   * meanwhile: so on exFAT and on shares of a server, and with Node 20 on NTFS too.
   */
  namesLast: boolean;
}

function refusal(code: string, call: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${call} '${path}'`), { code, syscall: call, path });
}

/** A file that is open. */
interface OpenFile {
  path: string;
  inode: number;
  canWrite: boolean;
}

/**
 * `node:fs` as it behaves on Windows: folders cannot be opened, nothing is renamed over a folder or over an
 * open file, a folder with an open file in it cannot be renamed, a file that was opened for reading cannot be
 * synced, and names are case-insensitive.
 */
export function windowsFiles({ links, namesLast }: Ways): FileSystem {
  const open = new Map<number, OpenFile>();
  /** Names of removed files that are open, with their inodes. */
  const pending = new Map<string, number>();
  const actual = (path: fs.PathLike): string => {
    const given = String(path);
    if (fs.existsSync(given) || dirname(given) === given) return given;
    const folder = actual(dirname(given));
    const name = basename(given).toLowerCase();
    const entries = fs.existsSync(folder) && fs.statSync(folder).isDirectory() ? fs.readdirSync(folder) : [];
    const found = entries.find((entry) => entry.toLowerCase() === name);
    return join(folder, found ?? basename(given));
  };
  /** The path of a file that can be used: the name of one that was removed is refused to all. */
  const usable = (path: fs.PathLike, call: string): string => {
    const its = actual(path);
    if (pending.has(its)) throw refusal("EPERM", call, String(path));
    return its;
  };
  const stateOf = (path: string) => fs.lstatSync(path, { throwIfNoEntry: false });
  const isOpen = (inode: number | undefined): boolean =>
    [...open.values()].some((file) => file.inode === inode);
  const hasOpen = (folder: string): boolean =>
    [...open.values()].some(({ path }) => path.startsWith(`${folder}/`));
  const removeFile = (path: string): void => {
    const its = usable(path, "unlink");
    const state = fs.lstatSync(its);
    if (namesLast && isOpen(state.ino)) pending.set(its, state.ino);
    else fs.unlinkSync(its);
  };
  const removeTree = (path: string): void => {
    for (const name of fs.readdirSync(path)) {
      const its = join(path, name);
      if (fs.lstatSync(its).isDirectory()) removeTree(its);
      else removeFile(its);
    }
    fs.rmdirSync(path);
  };
  const checkCanSync = (descriptor: number): void => {
    if (open.get(descriptor)?.canWrite === false) {
      throw refusal("EPERM", "fdatasync", open.get(descriptor)!.path);
    }
  };
  const calls = {
    closeSync(descriptor: number): void {
      open.delete(descriptor);
      fs.closeSync(descriptor);
      for (const [path, inode] of pending) {
        if (isOpen(inode)) continue;
        pending.delete(path);
        fs.unlinkSync(path);
      }
    },
    openSync(path: string, flags: string | number, mode?: number): number {
      const its = usable(path, "open");
      if (stateOf(its)?.isDirectory()) throw refusal("EISDIR", "open", path);
      const descriptor = fs.openSync(its, flags, mode);
      const canWrite = typeof flags === "string"
        ? flags !== "r"
        : (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0;
      open.set(descriptor, { path: its, inode: fs.fstatSync(descriptor).ino, canWrite });
      return descriptor;
    },
    fdatasyncSync(descriptor: number): void {
      checkCanSync(descriptor);
      fs.fdatasyncSync(descriptor);
    },
    fdatasync(descriptor: number, done: fs.NoParamCallback): void {
      try {
        checkCanSync(descriptor);
      } catch (error) {
        return queueMicrotask(() => done(error as Error));
      }
      fs.fdatasync(descriptor, done);
    },
    fstatSync(descriptor: number): fs.Stats {
      const stat = fs.fstatSync(descriptor);
      if ([...pending.values()].includes(stat.ino)) stat.nlink--;
      return stat;
    },
    linkSync(from: string, to: string): void {
      if (!links) throw refusal("EISDIR", "link", from);
      fs.linkSync(usable(from, "link"), usable(to, "link"));
    },
    renameSync(from: string, to: string): void {
      const [source, target] = [usable(from, "rename"), usable(to, "rename")];
      const there = source === target ? undefined : stateOf(target);
      if (there?.isDirectory()) throw refusal("EPERM", "rename", from);
      if (there !== undefined && isOpen(there.ino)) throw refusal("EPERM", "rename", from);
      if (fs.lstatSync(source).isDirectory() && hasOpen(source)) throw refusal("EPERM", "rename", from);
      const result = dirname(target) === dirname(to) ? target : join(dirname(target), basename(to));
      fs.renameSync(source, result);
      for (const file of open.values()) if (file.path === source) file.path = result;
    },
    lstatSync: (path: string, options?: fs.StatSyncOptions) => fs.lstatSync(usable(path, "lstat"), options),
    mkdirSync: (path: string) => fs.mkdirSync(usable(path, "mkdir")),
    readdirSync: (path: string) => fs.readdirSync(actual(path)),
    rmSync(path: string, options: fs.RmOptions = {}): void {
      const its = usable(path, "rm");
      if (stateOf(its) === undefined || !options.recursive) {
        return stateOf(its)?.isFile() ? removeFile(its) : fs.rmSync(its, options);
      }
      if (stateOf(its)!.isDirectory()) removeTree(its);
      else removeFile(its);
    },
    rmdirSync: (path: string) => fs.rmdirSync(actual(path)),
  };
  return { ...fs, ...calls } as unknown as FileSystem;
}

/** The storage port on such a file system. */
export function windowsStorage(ways: Ways): Storage {
  return storageOn({ fs: windowsFiles(ways), windows: true });
}
