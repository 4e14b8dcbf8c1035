// Two mounts of one folder by a network file system (FUSE with its default caches), programs that write through one of
// them and read through both. What the system had read of a file it kept until the file was opened again: bytes that
// came after the end it had seen then were zeros. The readers of the other mount called events damaged that were not.
// With the lock files that such file systems need, each write that met the removal of another machine's lock while it
// read it was refused: a removed file cannot be kept there for those who have it open (ENOENT, on NFS ESTALE).
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CorruptedLogError, StorageError } from "../../mod.ts";
import { PartitionReader } from "../../src/log/read/reader.ts";
import { storageOn } from "../../src/storage/node.ts";
import type { StorageFile } from "../../src/storage/port.ts";
import type { FileSystem } from "../../src/storage/system.ts";
import { test } from "../harness.ts";
import { PartitionFolder, type ReadEvent, readOn, single } from "../log/partition_folder.ts";
import { changedStorage } from "../log/port_wrapper.ts";

const PAGE_BYTES = 4096;

/** Reads as of a file system that keeps each page as it was when it was first read, until the file is opened again. */
function readingKeptPages(file: StorageFile): StorageFile["readAt"] {
  const kept = new Map<number, Uint8Array>();
  const pageAt = (start: number): Uint8Array => {
    const known = kept.get(start);
    if (known !== undefined) return known;
    const page = new Uint8Array(PAGE_BYTES);
    if (file.readAt(page, start) > 0) kept.set(start, page);
    return page;
  };
  return (into, offset) => {
    const end = Math.min(offset + into.byteLength, file.size());
    for (let at = offset; at < end;) {
      const start = Math.floor(at / PAGE_BYTES) * PAGE_BYTES;
      const bytes = pageAt(start).subarray(at - start, Math.min(PAGE_BYTES, end - start));
      into.set(bytes, at - offset);
      at += bytes.byteLength;
    }
    return Math.max(0, end - offset);
  };
}

for (const dataWanted of [false, true]) {
  test(`a reader on another machine takes no old view of a file for damage, ${dataWanted ? "with" : "without"} data`, () => {
    using folder = new PartitionFolder();
    const found: ReadEvent[] = [];
    let read = () => {};
    const writing = changedStorage((file, path, mode) =>
      mode !== "append" || !path.endsWith(".log") ? {} : {
        // The system shows what it was given piece by piece.
        append: (bytes) => {
          for (let at = 0; at < bytes.byteLength; at += 10_000) {
            file.append(bytes.subarray(at, at + 10_000));
            read();
          }
          return bytes.byteLength;
        },
      }
    );
    let now = Date.now();
    const cached = changedStorage(
      (file, path, mode) =>
        mode === "read" && path.endsWith(".log") ? { readAt: readingKeptPages(file) } : {},
      { now: () => now },
    );
    const reader = new PartitionReader(folder.open(cached), { dataWanted, onCorruption: "throw" });
    read = () => found.push(...readOn(reader, dataWanted));
    const writer = folder.writer({ segmentBytesMax: 200_000 }, writing);
    const sizes = [0, 100, 3000, 0, 70_000, 5, 25_000, 0, 40_000, 8000, 140_000, 1];
    for (const [id, size] of sizes.entries()) writer.append(single(String(id), size));
    // The last ones look like the beginning of a frame for as long as the file stays open.
    now += 1001;
    read();
    assertEquals(found, sizes.map((dataBytes, id) => ({ id, metadata: String(id), dataBytes })));
  });
}

test("a file that stays damaged when it is opened again is damaged", () => {
  using folder = new PartitionFolder();
  const writer = folder.writer();
  for (let id = 0; id < 3; id++) writer.append(single(String(id), 5000));
  const path = join(
    folder.directory,
    fs.readdirSync(folder.directory).find((name) => name.endsWith(".log"))!,
  );
  const bytes = fs.readFileSync(path);
  bytes.fill(0, 6000, 6100);
  fs.writeFileSync(path, bytes);
  assertThrows(() => folder.events(), CorruptedLogError);
});

function answering(errno: string, calls: readonly (keyof FileSystem)[], times: number) {
  let left = times;
  const answer = (call: keyof FileSystem) => (...args: never[]) => {
    if (left-- > 0) throw Object.assign(new Error(`${errno}: simulated, ${call}`), { code: errno });
    return (fs[call] as (...args: never[]) => unknown)(...args);
  };
  const changes = Object.fromEntries(calls.map((call) => [call, answer(call)]));
  return storageOn({ fs: { ...fs, ...changes } as FileSystem, windows: false });
}

const CONTENT = new TextEncoder().encode("content");

/** A small file in a folder of its own. */
class ContentFile implements Disposable {
  readonly #folder = fs.mkdtempSync(join(tmpdir(), "diaspora-machines-"));
  readonly path: string = join(this.#folder, "name");

  constructor() {
    fs.writeFileSync(this.path, CONTENT);
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.#folder, { recursive: true });
  }
}

for (const errno of ["ENOENT", "ESTALE"]) {
  test(`a small file that another machine replaced while it was read (${errno}) is read again`, () => {
    using file = new ContentFile();
    const { path } = file;
    assertEquals(answering(errno, ["readFileSync"], 1).readWhole(path), CONTENT);
    const error = assertThrows(
      () => answering(errno, ["readFileSync"], Infinity).readWhole(path),
      StorageError,
    );
    assertEquals(error.errno, errno);
  });

  test(`an open file that another machine removed (${errno}) has no size, and one that is there is not called removed`, () => {
    using file = new ContentFile();
    const { path } = file;
    let fails = false;
    const fstatSync = ((fd: number) => {
      if (fails) throw Object.assign(new Error(`${errno}: simulated`), { code: errno });
      return fs.fstatSync(fd);
    }) as typeof fs.fstatSync;
    const stale = storageOn({ fs: { ...fs, fstatSync }, windows: false }).open(path, "update");
    fails = true;
    assertEquals(assertThrows(() => stale.size(), StorageError).errno, errno);
    fs.rmSync(path);
    assert(stale.size() < 0);
    stale.close();
  });
}
