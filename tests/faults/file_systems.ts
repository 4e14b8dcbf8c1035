import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

function mount(...parameters: string[]): string | undefined {
  const { status, stderr, error } = spawnSync("mount", parameters, { encoding: "utf8" });
  if (status === 0) return undefined;
  return error?.message ?? stderr.trim();
}

function unmount(path: string): void {
  // Lazily (`umount -l`): files that a failed test still has open must not prevent the cleanup.
  spawnSync("umount", ["-l", path]);
}

function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), "diaspora-faults-"));
}

/** A small file system in memory, which can be made read-only. */
export class SmallDisk {
  readonly path: string = makeFolder();

  /** Throws if mounting is not permitted. */
  constructor(size: string) {
    const why = mount("-t", "tmpfs", "-o", `size=${size}`, "tmpfs", this.path);
    if (why !== undefined) {
      rmdirSync(this.path);
      throw new Error(why);
    }
  }

  /** Mounts the folder a second time, read-only. */
  readOnlyView(): { path: string; makeWritable(): void; remove(): void } {
    const path = makeFolder();
    mount("--bind", this.path, path);
    mount("-o", "remount,bind,ro", path);
    return {
      path,
      makeWritable: () => void mount("-o", "remount,bind,rw", path),
      remove: () => {
        unmount(path);
        rmdirSync(path);
      },
    };
  }

  remove(): void {
    unmount(this.path);
    rmdirSync(this.path);
  }
}

function whyNot(): string | false {
  try {
    new SmallDisk("64k").remove();
    return false;
  } catch (error) {
    return `no file system can be mounted here: ${(error as Error).message}`;
  }
}

/** Why tests that mount something cannot run, or false. */
export const UNMOUNTABLE: string | false = whyNot();
