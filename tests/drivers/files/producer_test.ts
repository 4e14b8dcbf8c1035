// What the producer of a topic does with all of its partitions: it flushes and closes each, also after one failed.
import { assertEquals, assertRejects } from "@std/assert";
import { setImmediate } from "node:timers/promises";
import { StorageError } from "../../../mod.ts";
import { FilesProducer } from "../../../src/drivers/files/producer.ts";
import { Partition } from "../../../src/log/partition.ts";
import type { OpenMode, Storage } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";
import { withOpenFiles } from "./counted_files.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

/** A topic of which each sync of a file is noted, or fails. */
class Scene {
  readonly #folder = new SimulatedFolder();
  /** The partitions whose files were synced. */
  readonly synced: Set<number> = new Set();
  failing: number | undefined;
  /** Errors of the next syncs of partitions. */
  readonly errors: Map<number, StorageError> = new Map();
  /** What the syncs wait for. */
  gate: Promise<void> | undefined;
  readonly #counted = withOpenFiles(
    new Proxy(this.#folder.storage, {
      get: (disk, name: keyof Storage) => name === "open" ? this.#open.bind(this) : disk[name],
    }),
  );
  readonly openFiles = this.#counted.openFiles;
  readonly producer: FilesProducer;

  constructor(count = 3) {
    const partitions = Array.from({ length: count }, (_, partition) => {
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
      const error = this.errors.get(partition);
      this.errors.delete(partition);
      if (error !== undefined) return Promise.reject(error);
      this.synced.add(partition);
      return this.gate?.then(sync) ?? sync();
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

// It synced four at a time: with syncs of 5 ms, a flush of 64 partitions took 90 ms instead of 20 on Deno.
test("a flush syncs all partitions at once", async () => {
  const scene = new Scene(8);
  for (let partition = 0; partition < 8; partition++) await scene.push(partition);
  let open = () => {};
  scene.gate = new Promise((resolve) => open = resolve);
  const flushed = scene.producer.flush();
  for (let turn = 0; turn < 50; turn++) await setImmediate();
  const { size } = scene.synced;
  open();
  await flushed;
  assertEquals(size, 8);
});

test("a flush syncs the partitions once more, one by one, for which there was no descriptor", async () => {
  const scene = new Scene(8);
  for (let partition = 0; partition < 8; partition++) await scene.push(partition);
  for (const partition of [1, 5]) {
    scene.errors.set(partition, new StorageError("EMFILE", "cannot sync: too many open files"));
  }
  await scene.producer.flush();
  assertEquals(scene.synced.size, 8);
  assertEquals(scene.errors.size, 0);
});
