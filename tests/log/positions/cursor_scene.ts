import { CursorFile } from "../../../src/log/positions/cursor.ts";
import {
  type CursorContent,
  CursorFiles,
  type CursorFolder,
  runAlone,
} from "../../../src/log/positions/cursor_files.ts";
import type { StoredPosition } from "../../../src/log/positions/position_slot.ts";
import { withOpenFiles } from "../../drivers/files/counted_files.ts";
import { ROOT, SimulatedFolder } from "../../drivers/files/simulated_folder.ts";

/** The file of the first consumer of the name. */
export const PLAIN = `${ROOT}/0.pos`;

/** The consumers of one name in one partition, on a simulated disk. */
export class Scene {
  readonly folder = new SimulatedFolder();
  readonly #counted = withOpenFiles(this.folder.storage);
  readonly openFiles = this.#counted.openFiles;

  cursor(folder?: CursorFolder): CursorFile {
    return new CursorFile(this.#counted.storage, PLAIN, folder);
  }

  /** A consumer that stored a position; it may be open for long, or have been closed. */
  acknowledged(nextId: number): CursorFile {
    const cursor = this.cursor();
    cursor.acknowledge({ nextId, time: 0 });
    return cursor;
  }

  /** Stores a position that was planned before. */
  apply(cursor: CursorFile, planned: StoredPosition): void {
    runAlone(cursor.apply(planned), () => this.folder.names());
  }

  /** What is stored, without the frames. */
  get stored(): Pick<StoredPosition, "nextId" | "time" | "generation"> | undefined {
    const stored = this.cursor().read();
    if (stored === undefined) return undefined;
    const { nextId, time, generation } = stored;
    return { nextId, time, generation };
  }

  /** All files of the name. */
  get files(): CursorContent[] {
    return new CursorFiles(this.folder.storage, PLAIN).readAll();
  }

  /** The paths of files that their owners may go on writing to. */
  get unretired(): string[] {
    return this.files.filter(({ isRetired }) => !isRetired).map(({ path }) => path);
  }

  /** Another consumer, which is stopped just after that, asks the owners of files to leave them. */
  retire(...paths: string[]): void {
    const files = new CursorFiles(this.folder.storage, PLAIN);
    for (const content of files.readAll()) if (paths.includes(content.path)) files.retire(content, 99);
  }

  /** Others act once: before the next such call for a file of the name, or for their folder. */
  beforeNext(call: string, act: () => void, isIt: (path: string) => boolean = () => true): void {
    this.folder.before = (name, path) => {
      if (name !== call || !(path.endsWith(".pos") || path === ROOT) || !isIt(path)) return;
      // Whether a file is there that a listing lacks is asked before it is made.
      if (name === "stat" && this.folder.disk.names.get(path) === undefined) return;
      this.folder.before = () => {};
      act();
    };
  }

  /** The calls of the storage during the work, without those for open files. */
  callsDuring(work: () => void): string[] {
    const calls: string[] = [];
    this.folder.before = (name) => calls.push(name);
    work();
    this.folder.before = () => {};
    return calls;
  }
}
