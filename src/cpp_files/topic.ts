import { partitionName } from "../drivers/files/layout.ts";
import { foreignContent } from "../drivers/files/foreign_content.ts";
import { absolutePath } from "../drivers/files/root_path.ts";
import { InvalidOptionError, InvalidTopicNameError, TopicNotFoundError } from "../errors.ts";
import { nodeStorage } from "../storage/node.ts";
import { type CppComponent, readComponent } from "./components.ts";
import { type Components, PARTITIONS_FOLDER } from "./layout.ts";
import { CppPartition } from "./partition.ts";

/** The C++ driver accepts any path as a name; here it may not lead out of the root. */
function checkCppName(name: string): void {
  const isPath = name.split("/").every((part) => part !== "" && part !== "." && part !== "..");
  if (isPath && !name.includes("\0")) return;
  throw new InvalidTopicNameError(name, "it is not a path below the root_path of the C++ driver");
}

/** A topic in the C++ layout. */
export class CppTopic {
  /** One more than the highest folder number. */
  readonly numPartitions: number;
  /** Partitions with a folder, as they were when the topic was opened. */
  readonly #partitions: ReadonlyMap<number, CppPartition>;

  private constructor(readonly name: string, readonly path: string) {
    const folders = nodeStorage.list(`${path}/${PARTITIONS_FOLDER}`).filter((name) => /^\d{8}$/.test(name));
    const numbers = folders.map(Number);
    // A topic without any folder is treated like one with a single empty partition.
    this.numPartitions = 1 + numbers.reduce((highest, number) => Math.max(highest, number), 0);
    this.#partitions = new Map(numbers.map((number) => [number, this.#open(number)]));
  }

  /** One partition; if its folder is missing between others, it has no events. */
  partition(number: number): CppPartition {
    return this.#partitions.get(number) ?? this.#open(number);
  }

  #open(number: number): CppPartition {
    const folder = `${this.path}/${PARTITIONS_FOLDER}/${partitionName(number)}`;
    return new CppPartition(nodeStorage, folder, this.name, number);
  }

  /**
   * Opens a topic for reading; throws `TopicNotFoundError`, or `InvalidOptionError` if it is not in this layout.
   */
  static open(rootPath: string, name: string): CppTopic {
    checkCppName(name);
    const path = `${absolutePath(rootPath)}/${name}`;
    const isFolder = (path: string): boolean => nodeStorage.stat(path)?.kind === "directory";
    if (!isFolder(path) || !isFolder(`${path}/${PARTITIONS_FOLDER}`)) {
      throw new TopicNotFoundError(name, rootPath, "import");
    }
    // A topic created by this library may also contain events of the C++ driver.
    const isOurs = nodeStorage.stat(`${path}/topic.json`) !== undefined;
    if (isOurs && foreignContent(nodeStorage, path) === undefined) {
      throw new InvalidOptionError(
        "rootPath",
        `Cannot import topic "${name}": "${path}" was not written by the C++ files driver; it can be opened as it is`,
      );
    }
    return new CppTopic(name, path);
  }

  /** One of its component documents. */
  component(kind: keyof Components): CppComponent {
    return readComponent(this.path, kind);
  }

  /** The first partition whose metadata is not JSON text in records; undefined if there is none. */
  firstWithoutRecord(): CppPartition | undefined {
    return [...this.#partitions.values()].find((partition) => partition.beginsWithoutRecord);
  }

  /** Number of events. */
  get events(): number {
    return [...this.#partitions.values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** Total size of the metadata and data files. */
  get bytes(): number {
    return [...this.#partitions.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
