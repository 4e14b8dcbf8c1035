import { CursorFile } from "../../log/cursor.ts";
import { StorageError } from "../../errors.ts";
import type { Storage } from "../../storage/port.ts";
import { consumerFolder, consumerFolderApart, NAME_BYTES_MAX, partitionName } from "./layout.ts";

/** The consumer names that have stored positions in a topic, and their cursor files. */
export class ConsumerRegistry {
  constructor(private readonly storage: Storage, private readonly directory: string) {}

  /** Every name that has a stored position. */
  names(): string[] {
    this.#checkIsFolder(this.directory);
    const names: string[] = [];
    for (const folder of this.#list(this.directory)) {
      const path = `${this.directory}/${folder}`;
      if (this.storage.stat(path)?.kind !== "directory") continue;
      const bytes = this.storage.readWhole(`${path}/name`, NAME_BYTES_MAX);
      if (bytes !== undefined) names.push(new TextDecoder().decode(bytes));
    }
    return names.sort();
  }

  /** The cursor of a name in a partition; with `create`, its folder is made. */
  cursor(name: string, partition: number): CursorFile {
    this.#checkIsFolder(this.directory);
    const folder = this.#folder(name);
    return new CursorFile(
      this.storage,
      `${folder}/${partitionName(partition)}.pos`,
      () => this.#make(folder, name),
    );
  }

  /** Forgets every position of a name. */
  remove(name: string): void {
    this.#checkIsFolder(this.directory);
    this.storage.removeTree(this.#folder(name));
  }

  /** The folder of a name: the usual one, unless the disk gives it to a name that is written in another case. */
  #folder(name: string): string {
    const apart = `${this.directory}/${consumerFolderApart(name)}`;
    const usual = `${this.directory}/${consumerFolder(name)}`;
    this.#checkIsFolder(apart);
    this.#checkIsFolder(usual);
    if (this.storage.stat(apart) !== undefined) return apart;
    const bytes = this.storage.readWhole(`${usual}/name`, NAME_BYTES_MAX);
    const holder = bytes === undefined ? name : new TextDecoder().decode(bytes);
    return holder !== name && holder.toLowerCase() === name.toLowerCase() ? apart : usual;
  }

  /** A link would lead out of the topic. */
  #checkIsFolder(path: string): void {
    const stat = this.storage.stat(path);
    if (stat === undefined || stat.kind === "directory") return;
    throw new StorageError(
      "ENOTDIR",
      `Cannot use "${path}": expected a folder of its own, no link and no file`,
    );
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
