import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Everything in a folder: paths with their content, and when it changed. */
export type Snapshot = string[];

/** The content of a folder and its subfolders, without following links. */
export function snapshotOf(folder: string, leaveOut?: string): Snapshot {
  const found: string[] = [];
  const visit = (path: string): void => {
    const stat = lstatSync(path);
    const what = stat.isSymbolicLink()
      ? readlinkSync(path)
      : stat.isFile()
      ? readFileSync(path).toString("hex")
      : "folder";
    found.push(`${path} ${stat.mode} ${path === folder ? "" : stat.mtimeMs} ${what}`);
    if (!stat.isDirectory()) return;
    for (const name of readdirSync(path).sort()) {
      if (`${path}/${name}` !== leaveOut) visit(`${path}/${name}`);
    }
  };
  visit(folder);
  return found;
}

/**
 * A folder with a store in `root`, next to files that must not change.
 *
 * ```text
 * root/                  where topics go
 * outside/file           something that is none of the library's business
 * outside/topics/        a store of its own
 * ```
 */
export class Canary {
  readonly #folder: string = mkdtempSync(join(tmpdir(), "diaspora-canary-"));
  readonly root: string = `${this.#folder}/root`;
  readonly outside: string = `${this.#folder}/outside`;
  #before: Snapshot = [];

  constructor() {
    mkdirSync(this.root);
    mkdirSync(`${this.outside}/topics`, { recursive: true });
    writeFileSync(`${this.outside}/file`, "not to be touched");
    this.settle();
  }

  /** What is outside now must stay as it is. */
  settle(): void {
    this.#before = snapshotOf(this.#folder, this.root);
  }

  /** What has changed outside; empty if all is well. */
  changes(): string[] {
    const now = snapshotOf(this.#folder, this.root);
    return [
      ...this.#before.filter((line) => !now.includes(line)).map((line) => `gone: ${line}`),
      ...now.filter((line) => !this.#before.includes(line)).map((line) => `new: ${line}`),
    ];
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** Runs a body with a canary, which must be unharmed at its end. */
export async function withCanary(body: (canary: Canary) => Promise<void>): Promise<void> {
  const canary = new Canary();
  try {
    await body(canary);
    const changes = canary.changes();
    if (changes.length > 0) throw new Error(`Something outside the root was touched:\n${changes.join("\n")}`);
  } finally {
    canary.remove();
  }
}
