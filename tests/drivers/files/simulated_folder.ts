// A store on a simulated disk without random faults, whose calls a test can record, fail or precede.
import { resolve } from "node:path";
import type { Storage } from "../../../src/storage/port.ts";
import { SimulatedDisk } from "../../simulation/disk/disk.ts";
import { SimulatedProcess } from "../../simulation/disk/process.ts";

/** The store's folder, as the driver names it. */
export const ROOT = resolve("/store");

/**
 * Called before each call with its name and its first argument; an error that it throws becomes the call's.
 */
export type BeforeCall = (name: string, path: string) => void;

/** A disk with an empty folder {@linkcode ROOT}, seen by one process. */
export class SimulatedFolder {
  readonly disk = new SimulatedDisk(7);
  readonly storage: Storage;
  before: BeforeCall = () => {};

  constructor() {
    const process = new SimulatedProcess(this.disk);
    process.makeDirectory(ROOT);
    process.syncDirectory("/");
    this.storage = new Proxy(process as Storage, {
      get: (_, name: keyof Storage) =>
        name === "base" ? undefined : (...args: never[]) => {
          this.before(name, String(args[0] ?? ""));
          return (process[name] as (...args: never[]) => unknown)(...args);
        },
    });
  }

  /** The calls that changed something during the work, each with its path below the root. */
  changesDuring(work: () => void): string[] {
    const found: string[] = [];
    const before = this.before;
    this.before = (name, path) => {
      before(name, path);
      if (/^(?:makeDirectory|publish|replace|rename|remove|removeTree|syncDirectory)$/.test(name)) {
        found.push(`${name} ${path.replace(`${ROOT}/`, "").replace(ROOT, ".")}`);
      }
    };
    try {
      work();
    } finally {
      this.before = before;
    }
    return found;
  }

  /** Everything below the root, as it would be after a power cut now. */
  afterPowerCut(): string[] {
    this.disk.names.journal = "none";
    this.disk.powerCut();
    return this.names();
  }

  /** The path of every file and folder below the root. */
  names(path: string = ROOT): string[] {
    const { storage } = this;
    return storage.list(path).sort().flatMap((name) => {
      const whole = `${path}/${name}`;
      const below = storage.stat(whole)?.kind === "directory" ? this.names(whole) : [];
      return [whole.slice(ROOT.length + 1), ...below];
    });
  }

  /** Creates a file, with its folders. */
  file(path: string, content = ""): void {
    let folder = ROOT;
    const parts = path.split("/");
    for (const part of parts.slice(0, -1)) {
      folder += `/${part}`;
      if (this.storage.stat(folder) === undefined) this.storage.makeDirectory(folder);
    }
    this.storage.publish(`${folder}/${parts.at(-1)}`, new TextEncoder().encode(content));
  }
}
