import {
  linkSync,
  lstatSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { StorageError } from "../../src/errors.ts";
import { isMissing, type Storage, type StorageFile } from "../../src/storage/port.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import { storageError } from "../../src/storage/storage_error.ts";
import { folderSyncs } from "../log/port_wrapper.ts";

/** Thrown through a process that was killed; nothing in the library may swallow it. */
export class Killed extends Error {
  override readonly name = "Killed";
}

/** What happens to a call: the process is killed before it, or it fails with this system error. */
export type Interruption = "kill" | "ENOSPC" | "EIO" | "EACCES";

/**
 * The real file system for one simulated process, whose nth system call is its last, or fails. Operations of
 * the port that take several system calls are several steps here, too: a file is published by a draft, a link
 * and the draft's removal, and a tree is removed entry by entry. Nothing is really synced, since the system
 * does not crash, and nothing is waited for, since no other process runs meanwhile: a pause only counts.
 */
export class InterruptedStorage {
  /** The steps that were made. */
  readonly steps: string[] = [];
  readonly storage: Storage;
  readonly #open = new Set<StorageFile>();
  #isDead = false;
  #pausedMs = 0;

  /** `at` counts from 1; 0 interrupts nothing. With `forGood`, the later calls fail as well. */
  constructor(
    private readonly how: Interruption,
    private readonly at: number,
    private readonly forGood = false,
  ) {
    this.storage = this.#makeStorage();
  }

  /** Whether the interrupted call was reached. */
  get wasInterrupted(): boolean {
    return this.at > 0 && this.steps.length >= this.at;
  }

  /** Called before every step: another process may do something there. */
  onStep: (step: number) => void = () => {};

  /** Closes what a killed process left open. */
  close(): void {
    for (const file of this.#open) file.close();
    this.#open.clear();
  }

  /** Called before every system call. */
  #step(verb: string, path: string): void {
    if (this.#isDead) throw new Killed();
    this.steps.push(`${verb} ${path}`);
    this.onStep(this.steps.length);
    const isDue = this.forGood ? this.wasInterrupted : this.steps.length === this.at;
    if (!isDue) return;
    if (this.how === "kill") {
      this.#isDead = true;
      throw new Killed();
    }
    throw storageError(verb, path, { code: this.how });
  }

  #makeStorage(): Storage {
    const step = (verb: string, path: string) => this.#step(verb, path);
    return {
      ...nodeStorage,
      open: (path, mode) => {
        step("open", path);
        const file = this.#wrap(nodeStorage.open(path, mode));
        this.#open.add(file);
        return file;
      },
      list: (path) => {
        step("list", path);
        return nodeStorage.list(path);
      },
      stat: (path) => {
        step("look at", path);
        return nodeStorage.stat(path);
      },
      readWhole: (path, bytesMax) => {
        step("read", path);
        return nodeStorage.readWhole(path, bytesMax);
      },
      makeDirectory: (path) => {
        step("make folder", path);
        nodeStorage.makeDirectory(path);
      },
      publish: (path, content, { confirm = () => true, keep } = {}) => {
        const draft = this.#writeDraft(path, content);
        try {
          if (!confirm()) return false;
          return this.#withDraft(draft, () => {
            step("link", path);
            try {
              linkSync(draft, path);
              keep?.(this.#wrap(nodeStorage.open(path, "update")), nodeStorage.stat(path)!);
              return true;
            } catch (cause) {
              const error = storageError("publish", path, cause);
              if (error.errno === "EEXIST") return false;
              throw error;
            }
          });
        } finally {
          this.#discard(draft);
        }
      },
      replace: (path, content) => {
        const draft = this.#writeDraft(path, content);
        this.#withDraft(draft, () => {
          step("rename over", path);
          renameSync(draft, path);
        });
      },
      rename: (from, to) => {
        step("rename", from);
        nodeStorage.rename(from, to);
      },
      remove: (path) => {
        step("remove", path);
        nodeStorage.remove(path);
      },
      removeTree: (path) => this.#removeTree(path),
      ...folderSyncs((path) => {
        step("sync", path);
        // A folder that does not exist cannot be opened and synced.
        try {
          lstatSync(path);
        } catch (cause) {
          throw storageError("sync", path, cause);
        }
      }),
      pause: (ms) => {
        this.#pausedMs += ms;
      },
      now: () => nodeStorage.now() + this.#pausedMs,
      watch: () => undefined,
    };
  }

  #wrap(file: StorageFile): StorageFile {
    const step = (verb: string) => this.#step(verb, file.path);
    return {
      path: file.path,
      append: (bytes) => {
        step("append to");
        return file.append(bytes);
      },
      readAt: (into, offset) => {
        step("read");
        return file.readAt(into, offset);
      },
      writeAt: (bytes, offset) => {
        step("write to");
        return file.writeAt(bytes, offset);
      },
      size: () => {
        step("look at");
        return file.size();
      },
      sync: () => new Promise((resolve) => resolve(step("sync"))),
      syncNow: () => step("sync"),
      close: () => {
        for (const open of this.#open) if (open.path === file.path) this.#open.delete(open);
        file.close();
      },
    };
  }

  #writeDraft(path: string, content: Uint8Array): string {
    const draft = `${path}.${nodeStorage.random32().toString(16).padStart(8, "0")}.draft`;
    this.#step("write", path);
    try {
      writeFileSync(draft, content, { flag: "wx" });
    } catch (cause) {
      throw storageError("write", path, cause);
    }
    return draft;
  }

  /** A failure removes the draft, a kill does not. */
  #withDraft<T>(draft: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof Killed)) rmSync(draft, { force: true });
      throw error;
    }
  }

  #discard(draft: string): void {
    if (this.#isDead) return;
    try {
      this.#step("remove", draft);
      rmSync(draft, { force: true });
    } catch (error) {
      if (error instanceof Killed) throw error;
    }
  }

  #removeTree(path: string): void {
    try {
      this.#step("list", path);
      for (const name of readdirSync(path).sort()) {
        const entry = `${path}/${name}`;
        if (lstatSync(entry).isDirectory()) {
          this.#removeTree(entry);
          continue;
        }
        this.#step("remove", entry);
        unlinkSync(entry);
      }
      this.#step("remove folder", path);
      rmdirSync(path);
    } catch (cause) {
      if (cause instanceof Killed || cause instanceof StorageError) throw cause;
      // Another process is removing the same tree.
      const error = storageError("remove", path, cause);
      if (!isMissing(error)) throw error;
    }
  }
}
