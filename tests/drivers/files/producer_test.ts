// What the producer of a topic does with all of its partitions: it flushes and closes each, also after one failed.
import { assertEquals, assertRejects } from "@std/assert";
import { StorageError } from "../../../mod.ts";
import { FilesProducer } from "../../../src/drivers/files/producer.ts";
import { Partition } from "../../../src/log/partition.ts";
import type { OpenMode, Storage } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";
import { withOpenFiles } from "./counted_files.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

/** A topic with three partitions, of which each sync of a file is noted or fails. */
class Scene {
  readonly #folder = new SimulatedFolder();
  /** The partitions whose files were synced. */
  readonly synced: Set<number> = new Set();
  failing: number | undefined;
  readonly #counted = withOpenFiles(
    new Proxy(this.#folder.storage, {
      get: (disk, name: keyof Storage) => name === "open" ? this.#open.bind(this) : disk[name],
    }),
  );
  readonly openFiles = this.#counted.openFiles;
  readonly producer: FilesProducer;

  constructor() {
    const partitions = [0, 1, 2].map((partition) => {
      const directory = `${ROOT}/${partition}`;
      this.#folder.storage.makeDirectory(directory);
      return new Partition({ storage: this.#counted.storage, directory, topic: "t", partition });
    });
    this.producer = new FilesProducer(
      partitions,
      () => ({ flushBehavior: "on_flush", segmentBytesMax: 1 << 20 }),
    );
  }

  async push(partition: number): Promise<void> {
    await this.producer.append(partition, { count: 1, metadata: ["1"], dataBytes: 0 });
  }

  #open(path: string, mode: OpenMode) {
    const file = this.#folder.storage.open(path, mode);
    const partition = Number(path.slice(ROOT.length + 1, ROOT.length + 2));
    const sync = file.sync.bind(file);
    file.sync = () => {
      if (partition === this.failing) {
        return Promise.reject(new StorageError("EIO", `cannot sync ${partition}`));
      }
      this.synced.add(partition);
      return sync();
    };
    return file;
  }
}

test("a flush waits for the files of every partition that was pushed to", async () => {
  const scene = new Scene();
  await scene.producer.flush();
  assertEquals([...scene.synced], []);
  for (const partition of [2, 0]) await scene.push(partition);
  await scene.producer.flush();
  assertEquals([...scene.synced].sort(), [0, 2]);
  await scene.producer.close();
});

test("closing closes the files of every partition, and fails if one of them did", async () => {
  const scene = new Scene();
  // All pushes into a partition share its files.
  for (const partition of [0, 1, 2, 0, 1, 2]) await scene.push(partition);
  scene.failing = 1;
  await assertRejects(() => scene.producer.close(), StorageError, "cannot sync 1");
  assertEquals([[...scene.synced].sort(), scene.openFiles.size], [[0, 2], 0]);
});
