import { CursorFile } from "../../log/cursor.ts";
import { StorageError } from "../../errors.ts";
import type { Storage } from "../../storage/port.ts";
import { consumerFolder, partitionName } from "./layout.ts";

/** The consumer names that have stored positions in a topic, and their cursor files. */
export class ConsumerRegistry {
  constructor(private readonly storage: Storage, private readonly directory: string) {}

  /** Every name that has a stored position. */
  names(): string[] {
    const names: string[] = [];
    for (const folder of this.#list(this.directory)) {
      const bytes = this.storage.readWhole(`${this.directory}/${folder}/name`);
      if (bytes !== undefined) names.push(new TextDecoder().decode(bytes));
    }
    return names.sort();
  }

  /** The cursor of a name in a partition; with `create`, its folder is made. */
  cursor(name: string, partition: number): CursorFile {
    const folder = `${this.directory}/${consumerFolder(name)}`;
    return new CursorFile(
      this.storage,
      `${folder}/${partitionName(partition)}.pos`,
      () => this.#make(folder, name),
    );
  }

  /** Forgets every position of a name. */
  remove(name: string): void {
    this.storage.removeTree(`${this.directory}/${consumerFolder(name)}`);
  }

  #make(folder: string, name: string): void {
    if (this.storage.stat(`${folder}/name`) !== undefined) return;
    try {
      this.storage.makeDirectory(folder);
    } catch (error) {
      if (!(error instanceof StorageError) || error.errno !== "EEXIST") throw error;
    }
    this.storage.publish(`${folder}/name`, new TextEncoder().encode(name));
  }

  #list(path: string): string[] {
    try {
      return this.storage.list(path);
    } catch (error) {
      if (error instanceof StorageError && error.errno === "ENOENT") return [];
      throw error;
    }
  }
}
