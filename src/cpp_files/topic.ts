import { readDocument } from "../drivers/files/layout.ts";
import { InvalidOptionError, TopicNotFoundError } from "../errors.ts";
import { checkTopicName } from "../names.ts";
import type { ComponentDocument } from "../drivers/contract.ts";
import { nodeStorage } from "../storage/node.ts";
import { COMPONENT_FILES, type Components, PARTITIONS_FOLDER } from "./layout.ts";
import { CppPartition } from "./partition.ts";

/** A topic in the C++ layout. */
export class CppTopic {
  /** Its partitions; a folder that is missing between others is a partition without events. */
  readonly partitions: readonly CppPartition[];

  private constructor(readonly name: string, readonly components: Components, path: string) {
    const folders = nodeStorage.list(`${path}/${PARTITIONS_FOLDER}`).filter((name) => /^\d{8}$/.test(name));
    // A topic without any folder is as good as one with a single empty partition.
    const count = 1 + Math.max(0, ...folders.map(Number));
    this.partitions = Array.from({ length: count }, (_, partition) => {
      const folder = `${path}/${PARTITIONS_FOLDER}/${String(partition).padStart(8, "0")}`;
      return new CppPartition(nodeStorage, folder, name, partition);
    });
  }

  /** Opens a topic for reading; throws `TopicNotFoundError`, or `InvalidOptionError` when it is not in this layout. */
  static open(rootPath: string, name: string): CppTopic {
    checkTopicName(name);
    const path = `${rootPath}/${name}`;
    const isFolder = (path: string): boolean => nodeStorage.stat(path)?.kind === "directory";
    if (!isFolder(path) || !isFolder(`${path}/${PARTITIONS_FOLDER}`)) {
      throw new TopicNotFoundError(name, rootPath);
    }
    if (nodeStorage.stat(`${path}/topic.json`) !== undefined) {
      throw new InvalidOptionError(
        "rootPath",
        `Cannot import topic "${name}": "${path}" was not written by the C++ files driver; it can be opened as it is`,
      );
    }
    const document = (file: string): ComponentDocument => {
      const { type = "default", ...rest } = readDocument(nodeStorage, `${path}/${file}`) ?? {};
      return { ...rest, type: String(type) };
    };
    const components = {
      validator: document(COMPONENT_FILES.validator),
      serializer: document(COMPONENT_FILES.serializer),
      partitionSelector: document(COMPONENT_FILES.partitionSelector),
    };
    return new CppTopic(name, components, path);
  }

  /** Number of events. */
  get events(): number {
    return this.partitions.reduce((sum, { count }) => sum + count, 0);
  }

  /** Size of the metadata and data files. */
  get bytes(): number {
    return this.partitions.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
