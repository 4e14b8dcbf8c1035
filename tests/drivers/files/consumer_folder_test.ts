// The folder of a consumer's positions: when it is made, what blocks it, and what a seek over several partitions leaves.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ConsumerDeletedError, StorageError, TopicDeletedError } from "../../../mod.ts";
import type { ConsumerFolder } from "../../../src/drivers/files/consumer_folder.ts";
import { readName } from "../../../src/drivers/files/name_file.ts";
import { ConsumerRegistry } from "../../../src/drivers/files/consumer_registry.ts";
import { identityIn } from "../../../src/drivers/files/identity.ts";
import { test } from "../../harness.ts";
import { encodeSlot } from "../../../src/log/positions/position_slot.ts";
import { withOpenFiles } from "./counted_files.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

/** A topic without partitions in which consumers store positions. */
class Scene {
  readonly folder = new SimulatedFolder();
  readonly #counted = withOpenFiles(this.folder.storage);
  readonly openFiles = this.#counted.openFiles;
  readonly registry: ConsumerRegistry;

  constructor() {
    this.folder.storage.makeDirectory(`${ROOT}/t`);
    this.folder.storage.makeDirectory(`${ROOT}/t/consumers`);
    this.registry = this.another();
  }

  /** The names of consumers as another process sees them. */
  another(): ConsumerRegistry {
    return new ConsumerRegistry(this.#counted.storage, `${ROOT}/t`, "t", 3);
  }

  /** Once, before a file that was made under another name gets its own, which is at that path now. */
  beforeDraftIsNamed(action: (path: string) => void): void {
    this.folder.before = (name, path) => {
      if (name !== "rename" || !path.includes(".creating-")) return;
      this.folder.before = () => {};
      action(path);
    };
  }

  seek(name: string, ...nextIds: number[]): void {
    this.registry.seek(name, nextIds.map((nextId, partition) => ({ partition, nextId, time: 0 })));
  }

  stored(name: string, partition = 0): number | undefined {
    return this.another().consumer(name).cursor(partition).read()?.nextId;
  }

  acknowledge(name: string, nextId: number): void {
    const cursor = this.another().consumer(name).cursor(0);
    cursor.acknowledge({ nextId, time: 0 });
    cursor.close();
  }
}

test("a consumer's folder is made with its first position, whole, and its name in it", () => {
  const { folder, registry } = new Scene();
  const consumer = registry.consumer("c");
  assertEquals([consumer.path, folder.names(`${ROOT}/t`)], [`${ROOT}/t/consumers/c`, ["t/consumers"]]);
  assertEquals([consumer.cursor(0).read(), consumer.listed().of(0), registry.names()], [undefined, [], []]);
  const done = folder.changesDuring(() => consumer.make());
  const [draft] = done[0]!.split(" ").slice(1);
  const identity = identityIn(folder.storage.list(consumer.path));
  assertEquals(done, [
    `makeDirectory ${draft}`,
    `publish ${draft}/name`,
    `publish ${draft}/${identity}`,
    `syncDirectory ${draft}`,
    `rename ${draft}`,
    "syncDirectory t/consumers",
  ]);
  assertEquals(readName(folder.storage, consumer.path), "c");
  assertEquals(folder.changesDuring(() => consumer.make()), []);
  assertEquals(registry.names(), ["c"]);
});

test("a topic that is deleted just after a consumer's folder was made is said to be deleted", () => {
  const { folder, registry } = new Scene();
  folder.before = (name, path) => {
    if (name !== "syncDirectory" || !path.endsWith("/consumers")) return;
    folder.before = () => {};
    folder.storage.removeTree(`${ROOT}/t`);
  };
  assertThrows(() => registry.consumer("c").make(), TopicDeletedError);
});

test("each name has its own positions, of each partition", () => {
  const scene = new Scene();
  scene.seek("b", 3);
  scene.seek("a", 5, 6);
  scene.acknowledge("b", 4);
  assertEquals([scene.stored("a"), scene.stored("a", 1), scene.stored("b"), scene.stored("b", 1)], [
    5,
    6,
    4,
    undefined,
  ]);
  assertEquals(scene.registry.names(), ["a", "b"]);
  const listed = scene.another().consumer("a").listed();
  assertEquals([0, 1, 2].map((partition) => listed.of(partition).length), [1, 1, 0]);
  scene.registry.remove("a");
  scene.registry.remove("stranger");
  assertEquals([scene.registry.names(), scene.stored("a"), scene.stored("b")], [["b"], undefined, 4]);
});

test("what lies among the consumers and has no name is not a consumer", () => {
  const scene = new Scene();
  const { folder } = scene;
  folder.file("t/consumers/file", "x");
  folder.storage.makeDirectory(`${ROOT}/t/consumers/empty`);
  scene.seek("c", 1);
  assertEquals(scene.registry.names(), ["c"]);
  // An incomplete folder in the way of a new one goes, also one that is not empty, unless it has a position.
  folder.file("t/consumers/empty/other", "x");
  assertEquals(scene.registry.names(), ["c"]);
  scene.seek("empty", 7);
  folder.storage.makeDirectory(`${ROOT}/t/consumers/incomplete`);
  const slot = { nextId: 5, time: 0, generation: 1, owner: 1, sequence: 0, written: 1 };
  folder.storage.publish(`${ROOT}/t/consumers/incomplete/00000000.pos`, encodeSlot(slot));
  assertEquals(scene.stored("incomplete"), 5);
  scene.seek("incomplete", 8);
  assertEquals(scene.registry.names(), ["c", "empty", "incomplete"]);
  assertEquals([scene.stored("empty"), scene.stored("incomplete")], [7, 8]);
});

test("a folder that other processes make or remove at the same time is met as they leave it", () => {
  const scene = new Scene();
  const { folder } = scene;
  let meanwhile: (() => void) | undefined = () => scene.another().consumer("c").make();
  folder.before = (name) => {
    if (name !== "rename" || meanwhile === undefined) return;
    const act = meanwhile;
    meanwhile = undefined;
    act();
  };
  const consumer = scene.registry.consumer("c");
  consumer.make();
  assertEquals(scene.registry.names(), ["c"]);
  // The name is deleted by another process: its position is not brought back.
  const cursor = consumer.cursor(0);
  scene.another().remove("c");
  assertEquals(consumer.listed().of(0), []);
  assertThrows(() => cursor.acknowledge({ nextId: 1, time: 0 }), ConsumerDeletedError);
  cursor.close();
  assertEquals(scene.registry.names(), []);
  assertEquals(consumer.removed() instanceof ConsumerDeletedError, true);
  folder.storage.removeTree(`${ROOT}/t`);
  assertEquals(consumer.removed() instanceof TopicDeletedError, true);
  assertThrows(() => scene.seek("d", 1), TopicDeletedError);
  assertThrows(() => scene.registry.consumer("d").make(), TopicDeletedError);
});

test("a folder that cannot be made says why, and leaves nothing behind", () => {
  const scene = new Scene();
  const { folder } = scene;
  for (const call of ["makeDirectory", "publish", "syncDirectory", "rename"]) {
    folder.before = (name) => {
      if (name === call) {
        throw new StorageError("ENOSPC", "Cannot do it: the disk is full", { canRetry: true });
      }
    };
    assertEquals(assertThrows(() => scene.registry.consumer("c").make(), StorageError).errno, "ENOSPC");
    folder.before = () => {};
    assertEquals(folder.names(`${ROOT}/t`), ["t/consumers"], call);
  }
});

test("a seek over several partitions that is cut short anywhere is stored whole or not at all", () => {
  for (let calls = 0, isWhole = false; !isWhole; calls++) {
    const scene = new Scene();
    const { folder } = scene;
    scene.seek("c", 1, 2, 3);
    let left = calls;
    folder.before = () => {
      if (left-- === 0) throw new StorageError("EIO", "Cannot go on: simulated");
    };
    isWhole = true;
    try {
      scene.seek("c", 11, 12, 13);
    } catch {
      isWhole = false;
    }
    folder.before = () => {};
    const found = [0, 1, 2].map((partition) => scene.stored("c", partition));
    assertEquals(found, found[0] === 11 ? [11, 12, 13] : [1, 2, 3], `after ${calls} calls`);
    // Positions that are stored later are kept by the process that completes the seek.
    scene.acknowledge("c", 20);
    assertEquals(scene.stored("c"), 20);
    assertEquals(folder.names().some((name) => name.includes("/seek/")), false);
  }
});

test("a file where the consumers or one of them should be is refused by its path", () => {
  for (const path of ["consumers", "consumers/c"]) {
    const folder = new SimulatedFolder();
    folder.file(`t/${path}`, "x");
    const registry = new ConsumerRegistry(folder.storage, `${ROOT}/t`, "t", 3);
    const text = `Cannot use "${ROOT}/t/${path}": expected a folder of its own`;
    assertThrows(() => registry.consumer("c"), StorageError, text);
    if (path === "consumers") assertThrows(() => registry.names(), StorageError, text);
    else assertEquals(registry.names(), []);
  }
});

test("a seek begins anew each time another process deletes the name, ten times in all", () => {
  for (const [times, works] of [[9, true], [10, false]] as const) {
    const scene = new Scene();
    let deletions = 0;
    // Just before the position is stored in the folder that was made for it.
    scene.folder.before = (name, path) => {
      if (name !== "publish" || !path.endsWith(".pos") && !path.includes("/c/") || deletions === times) {
        return;
      }
      deletions++;
      const { before } = scene.folder;
      scene.folder.before = () => {};
      scene.another().remove("c");
      scene.folder.before = before;
    };
    if (works) {
      scene.seek("c", 5);
      assertEquals([deletions, scene.stored("c")], [9, 5]);
    } else {
      assertThrows(() => scene.seek("c", 5), ConsumerDeletedError);
      assertEquals(deletions, 10);
    }
  }
});

test("names are listed in order, none where nothing was stored, and a failing disk is reported", () => {
  const scene = new Scene();
  const { folder } = scene;
  for (const name of ["b", "C", "a"]) scene.seek(name, 1);
  assertEquals(scene.registry.names(), ["C", "a", "b"]);
  folder.before = (name, path) => {
    if (name === "list" && path.endsWith("/consumers")) {
      throw new StorageError("EIO", "Cannot list: simulated");
    }
  };
  assertThrows(() => scene.registry.names(), StorageError, "simulated");
  folder.before = () => {};
  folder.storage.removeTree(`${ROOT}/t/consumers`);
  assertEquals(scene.registry.names(), []);
  // What is not there can be removed all the same.
  scene.registry.remove("b");
});

test("removing a name removes what was left of others, and of this one first its name", () => {
  const scene = new Scene();
  const { folder, registry } = scene;
  scene.seek("c", 1);
  scene.seek("d", 1);
  folder.file("t/.deleting-0123456789abcdef/file", "x");
  const done = folder.changesDuring(() => registry.remove("c"));
  assertEquals(done.map((call) => call.replace(/[0-9a-f]{16}/, "…")), [
    "syncDirectory t",
    "removeTree t/.deleting-…",
    "rename t/consumers/c",
    "syncDirectory t",
    "syncDirectory t/consumers",
    "removeTree t/.deleting-…",
  ]);
  assertEquals(registry.names(), ["d"]);
});

test("a name that another process removes at the same time is removed once", () => {
  const scene = new Scene();
  const { folder, registry } = scene;
  scene.seek("c", 1);
  folder.before = (name) => {
    if (name !== "rename") return;
    folder.before = () => {};
    scene.another().remove("c");
  };
  const done = folder.changesDuring(() => registry.remove("c"));
  assertEquals([done.filter((call) => call.startsWith("removeTree")), registry.names()], [[], []]);
});

test("what makes a folder impossible is an error at once, and what another process does is met ten times", () => {
  const isMade = (name: string): boolean => name === "rename";
  const cases: [thrown: Error, attempts: number][] = [
    [new StorageError("EIO", "Cannot rename: simulated"), 1],
    [new TypeError("a bug"), 1],
    [new StorageError("ENOTEMPTY", "Cannot rename: simulated"), 10],
    [new StorageError("ENOENT", "Cannot rename: simulated"), 10],
  ];
  for (const [thrown, attempts] of cases) {
    const { folder, registry } = new Scene();
    let count = 0;
    folder.before = (name) => {
      if (!isMade(name)) return;
      count++;
      throw thrown;
    };
    const error = assertThrows(() => registry.consumer("c").make());
    assertEquals([error, count, folder.names()], [thrown, attempts, ["t", "t/consumers"]]);
  }
  // A folder of another name is in no one's way but this one's.
  const { folder, registry } = new Scene();
  folder.before = (name) => {
    if (!isMade(name)) return;
    folder.before = () => {};
    folder.file("t/consumers/c/name", "another");
  };
  assertThrows(() => registry.consumer("c").make(), StorageError);
  assertEquals(readName(folder.storage, `${ROOT}/t/consumers/c`), "another");
});

test("a position is not stored if that is not allowed, and the first one makes the folder only then", () => {
  const { folder, registry } = new Scene();
  const cursor = registry.consumer("c").cursor(0, () => {
    throw new Error("not allowed");
  });
  assertThrows(() => cursor.acknowledge({ nextId: 1, time: 0 }), Error, "not allowed");
  assertEquals(folder.names().filter((name) => name.endsWith(".pos")), []);
});

test("a seek over several partitions has a file as long as it lasts, and one in a single partition none", () => {
  const scene = new Scene();
  const { folder } = scene;
  const isOfSeek = (change: string): boolean =>
    /^remove t\/consumers\/c\/seek\/[0-9a-f]{16}\.json$/.test(change);
  assertEquals(folder.changesDuring(() => scene.seek("c", 1)).filter(isOfSeek), []);
  assertEquals(folder.changesDuring(() => scene.seek("c", 2, 3)).filter(isOfSeek).length, 1);
  assertEquals(folder.names().filter((name) => name.endsWith(".json")), []);
  let attempts = 0;
  folder.before = (name, path) => {
    if (name !== "rename" || !path.includes(".creating-")) return;
    attempts++;
    throw new StorageError("EIO", "Cannot: simulated");
  };
  assertEquals([assertThrows(() => scene.seek("c", 4, 5), StorageError).errno, attempts], ["EIO", 1]);
  assertEquals(
    [scene.openFiles.size, folder.names(`${ROOT}/t`).some((name) => name.includes(".creating-"))],
    [
      0,
      false,
    ],
  );
  assertEquals([scene.stored("c", 0), scene.stored("c", 1)], [2, 3]);
});

test("the numbers of an unfinished seek are checked before they are stored", () => {
  const whole = { partition: 0, nextId: 2, time: 1, generation: 9 };
  const wrong = [
    ...[{ nextId: 2 ** 53 }, { nextId: -1 }, { nextId: 0.5 }, { nextId: "1" }, { nextId: null }],
    ...[{ time: 2 ** 53 }, { time: -1 }, { generation: 2 ** 32 }, { generation: -1 }, { generation: "1" }],
    ...[{ partition: 10 ** 8 }, { partition: -1 }, { partition: "0" }],
    ...["salt", "nonce", "sequence"].map((key) => ({ mark: { [key]: 2 ** 32 } })),
    ...[{ mark: 7 }, { mark: "x" }],
  ].map((change) => [{ ...whole, partition: 1 }, { ...whole, ...change }]);
  for (const seeks of [...wrong, [whole, whole], [null], [7], 7, null, { every: 1 }]) {
    const scene = new Scene();
    scene.seek("c", 7);
    scene.folder.file("t/consumers/c/seek.json", JSON.stringify({ seeks }));
    const error = assertThrows(() => scene.another().consumer("c"), StorageError, "seek.json");
    assertEquals([error.errno, scene.folder.names().includes("t/consumers/c/00000001.pos")], [
      "EILSEQ",
      false,
    ]);
  }
  const scene = new Scene();
  scene.seek("c", 7);
  const last = { ...whole, nextId: 2 ** 53 - 1, time: 2 ** 53 - 1, generation: 2 ** 32 - 1 };
  scene.folder.file("t/consumers/c/seek.json", JSON.stringify({ seeks: [last] }));
  assertEquals(scene.stored("c"), 2 ** 53 - 1);
  const mark = { salt: 2 ** 32 - 1, nonce: 0, sequence: 7 };
  scene.folder.file("t/consumers/c/seek.json", JSON.stringify({ seeks: [{ ...whole, partition: 1, mark }] }));
  assertEquals(scene.another().consumer("c").cursor(1).read()?.mark, mark);
});

test("a folder that another process has made since is used as it is", () => {
  const { folder, registry } = new Scene();
  const [one, two] = [registry.consumer("c"), registry.consumer("c")];
  const cursor = one.cursor(0);
  cursor.acknowledge({ nextId: 1, time: 0 });
  cursor.close();
  // It may have been killed before its sync.
  assertEquals(folder.changesDuring(() => two.make()), ["syncDirectory t/consumers"]);
  assertEquals(two.listed().of(0).length, 1);
});

/** The file of a seek of another process that was stopped. */
const UNFINISHED = "t/consumers/c/seek/0123456789abcdef.json";

function unfinished(...nextIds: number[]): string {
  const seeks = nextIds.map((nextId, partition) => ({ partition, nextId, time: 0, generation: 50 }));
  return JSON.stringify({ seeks });
}

test("a seek finishes that of another process, which appeared just before, and counts", () => {
  const scene = new Scene();
  scene.seek("c", 1, 2, 3);
  const { folder } = scene;
  scene.beforeDraftIsNamed(() => folder.file(UNFINISHED, unfinished(21, 22, 23)));
  scene.seek("c", 11, 12);
  assertEquals([0, 1, 2].map((partition) => scene.stored("c", partition)), [11, 12, 23]);
  assertEquals([folder.names().includes(UNFINISHED), scene.openFiles.size], [false, 0]);
});

test("a seek whose draft is taken for a leftover, or whose consumer is deleted just then, begins anew", () => {
  for (const isDeleted of [false, true]) {
    const scene = new Scene();
    scene.seek("c", 1, 2, 3);
    const { folder } = scene;
    scene.beforeDraftIsNamed((path) => {
      if (isDeleted) scene.another().remove("c");
      else folder.storage.removeTree(path);
    });
    scene.seek("c", 11, 12);
    const expected = isDeleted ? undefined : 3;
    assertEquals([0, 1, 2].map((partition) => scene.stored("c", partition)), [11, 12, expected]);
    assertEquals(folder.names(`${ROOT}/t`).some((name) => name.includes(".creating-")), false);
  }
});

// Where it was deleted once the positions were stored, before they were on the disk, opening the consumer failed. Found
// by the simulation, seed 1982.
test("a consumer that is deleted while another process finishes its seek is deleted", () => {
  for (const [call, end] of [["publish", ".pos"], ["open", ".pos"], ["syncDirectory", "/c"]] as const) {
    const scene = new Scene();
    scene.seek("c", 1, 2, 3);
    scene.folder.file(UNFINISHED, unfinished(21, 22, 23));
    let isMet = false;
    scene.folder.before = (name, path) => {
      if (name !== call || !path.endsWith(end)) return;
      scene.folder.before = () => {};
      isMet = true;
      scene.another().remove("c");
    };
    const consumer = scene.registry.consumer("c");
    assertEquals([isMet, consumer.listed().of(0).length, scene.openFiles.size], [true, 0, 0], call);
    // It can be made anew.
    consumer.make();
    assertEquals([scene.registry.names(), scene.stored("c")], [["c"], undefined]);
  }
});

test("a seek in a consumer that is deleted while it finishes that of another process says so", () => {
  const scene = new Scene();
  scene.seek("c", 1, 2, 3);
  const consumer = scene.registry.consumer("c");
  scene.beforeDraftIsNamed(() => {
    scene.folder.file(UNFINISHED, unfinished(21, 22, 23));
    scene.folder.before = (name, path) => {
      if (name !== "publish" || !path.endsWith(".pos")) return;
      scene.folder.before = () => {};
      scene.another().remove("c");
    };
  });
  const targets = [0, 1].map((partition) => ({ partition, nextId: 11, time: 0 }));
  assertThrows(() => consumer.seek(targets), ConsumerDeletedError);
  assertEquals([scene.registry.names(), scene.openFiles.size], [[], 0]);
});

test("an unfinished seek that cannot be finished is an error, and is finished later", () => {
  const scene = new Scene();
  scene.seek("c", 1, 2);
  scene.folder.file(UNFINISHED, unfinished(21, 22));
  scene.folder.before = (name, path) => {
    if (name === "publish" && path.endsWith(".pos")) {
      throw new StorageError("EIO", "Cannot publish: simulated");
    }
  };
  assertEquals(assertThrows(() => scene.registry.consumer("c"), StorageError).errno, "EIO");
  scene.folder.before = () => {};
  assertEquals([scene.stored("c", 0), scene.stored("c", 1)], [21, 22]);
});

test("files of another program in the way of a seek are named, and left; drafts of ours go", () => {
  const scene = new Scene();
  scene.seek("c", 1, 2);
  scene.folder.file("t/consumers/c/seek/notes.txt", "x");
  scene.folder.file(`${UNFINISHED}.0abcdef0.draft`, "x");
  const error = assertThrows(() => scene.seek("c", 3, 4), StorageError, "files of another program");
  assertEquals([error.errno, error.canRetry], ["EAGAIN", true]);
  assertEquals(scene.folder.names().filter((name) => name.includes("/seek/")), [
    "t/consumers/c/seek/notes.txt",
  ]);
  assertEquals([scene.stored("c", 0), scene.stored("c", 1)], [1, 2]);
  const other = new Scene();
  other.seek("c", 1);
  other.folder.file("t/consumers/c/seek", "x");
  assertThrows(() => other.another().consumer("c"), StorageError, "expected a folder of its own");
});

test("a file that is missing while the consumer's folder is there is not a deleted consumer", () => {
  const scene = new Scene();
  scene.seek("c", 1, 2);
  const consumer = scene.registry.consumer("c");
  const missing = new StorageError("ENOENT", "Cannot sync: simulated");
  scene.folder.before = (name, path) => {
    if (name === "remove" && path.endsWith(".json")) throw missing;
  };
  assertEquals(
    assertThrows(() => consumer.seek([0, 1].map((partition) => ({ partition, nextId: 5, time: 0 })))),
    missing,
  );
});

test("of two folders with one name that of this version counts, and a long name has one with a hash", () => {
  const scene = new Scene();
  const { folder } = scene;
  folder.file("t/consumers/A/name", "A");
  assertEquals(scene.another().consumer("A").path, `${ROOT}/t/consumers/A`);
  folder.file("t/consumers/%41/name", "A");
  assertEquals(scene.another().consumer("A").path, `${ROOT}/t/consumers/%41`);
  // One whose name is damaged is the consumer's all the same.
  for (const damaged of ["A", "%41"]) {
    const path = `${ROOT}/t/consumers/${damaged}/name`;
    folder.storage.replace(path, new TextEncoder().encode("B"));
    assertEquals(scene.another().consumer("A").path, `${ROOT}/t/consumers/%41`);
    folder.storage.replace(path, new TextEncoder().encode("A"));
  }
  const long = "x".repeat(250);
  scene.seek(long, 5);
  assertEquals([scene.stored(long), /~[0-9a-f]{64}$/.test(scene.another().consumer(long).path)], [5, true]);
});

test("consumers are listed by their whole names, however long, whatever they begin with", () => {
  const scene = new Scene();
  const long = "x".repeat(250);
  const names = ["a", "\ufeffa", long, `\ufeff${long}`].sort();
  for (const name of names) scene.seek(name, 5);
  assertEquals(scene.registry.names(), names);
  assertEquals(names.map((name) => scene.stored(name)), [5, 5, 5, 5]);
});

test("a consumer without positions whose name is damaged is listed if its folder says who it is", () => {
  const scene = new Scene();
  const long = scene.registry.consumer("x".repeat(250)).path.slice(ROOT.length + 1);
  for (const path of ["t/consumers/c", long]) scene.folder.file(`${path}/name`, "other");
  assertEquals(scene.registry.names(), ["c"]);
});

test("positions of a long name whose file is missing or damaged are an error that says which of the two", () => {
  const scene = new Scene();
  const long = "x".repeat(250);
  scene.seek(long, 5);
  const file = `${scene.registry.consumer(long).path}/name`;
  scene.folder.storage.replace(file, new TextEncoder().encode("other"));
  assertThrows(() => scene.registry.names(), StorageError, 'its file "name" is damaged;');
  scene.folder.storage.remove(file);
  assertThrows(() => scene.registry.names(), StorageError, 'its file "name" is missing;');
});

test("a consumer whose name is written again just as it is deleted is deleted, and a full disk is said to be full", () => {
  for (const isDeleted of [true, false]) {
    const scene = new Scene();
    scene.seek("c", 5);
    const consumer = scene.registry.consumer("c");
    scene.folder.storage.remove(`${consumer.path}/name`);
    scene.folder.before = (name, path) => {
      if (name !== "publish" || !path.endsWith("/c/name")) return;
      scene.folder.before = () => {};
      if (!isDeleted) throw new StorageError("ENOSPC", "Cannot do it: the disk is full");
      scene.another().remove("c");
    };
    if (isDeleted) assertThrows(() => consumer.make(), ConsumerDeletedError);
    else assertEquals(assertThrows(() => consumer.make(), StorageError).errno, "ENOSPC");
  }
});

test("a consumer's folder whose name cannot be synced says why", () => {
  const { folder, registry } = new Scene();
  folder.before = (name, path) => {
    if (name === "syncDirectory" && path.endsWith("/consumers")) {
      throw new StorageError("EIO", "Cannot sync: simulated");
    }
  };
  assertEquals(assertThrows(() => registry.consumer("c").make(), StorageError).errno, "EIO");
});

test("a seek back counts although another process made the consumer meanwhile", () => {
  const { registry } = new Scene();
  const [one, two] = [registry.consumer("c"), registry.consumer("c")];
  const targets = (nextId: number) => [0, 1].map((partition) => ({ partition, nextId, time: 0 }));
  two.seek(targets(10));
  one.seek(targets(3));
  const stored = registry.consumer("c");
  assertEquals([0, 1].map((partition) => stored.cursor(partition).read()?.nextId), [3, 3]);
});

test("a folder of an earlier version that names another consumer is not this one's: the two may share a checksum", () => {
  const scene = new Scene();
  scene.folder.file("t/consumers/a~e8b7be43/name", "other");
  assertEquals(scene.registry.consumer("a").path, `${ROOT}/t/consumers/a`);
  scene.folder.storage.replace(`${ROOT}/t/consumers/a~e8b7be43/name`, new TextEncoder().encode("a"));
  assertEquals(scene.registry.consumer("a").path, `${ROOT}/t/consumers/a~e8b7be43`);
});

const syncs: Record<string, (consumer: ConsumerFolder) => void | Promise<void>> = {
  "first positions": (consumer) => consumer.syncNames(),
  "a seek": (consumer) => consumer.seek([{ partition: 0, nextId: 5, time: 0 }]),
};

for (const [what, sync] of Object.entries(syncs)) {
  test(`a folder is changed before it is synced for ${what}, which may fail unless a sync of it has failed before`, async () => {
    const scene = new Scene();
    scene.acknowledge("c", 1);
    const consumer = scene.another().consumer("c");
    const outcomes: boolean[] = [];
    let changes = 0;
    for (const failing of ["publish", "syncDirectory", "publish", "nothing", "publish"]) {
      scene.folder.before = (name, path) => {
        if (name === "publish" && path === `${consumer.path}/name`) changes++;
        else if (!name.startsWith("syncDirectory") || path !== consumer.path) return;
        if (name.startsWith(failing)) throw new StorageError("EIO", `Cannot ${name}: simulated`);
      };
      try {
        await sync(consumer);
        outcomes.push(true);
      } catch (error) {
        assertEquals((error as StorageError).errno, "EIO");
        outcomes.push(false);
      }
    }
    assertEquals([outcomes, changes], [[true, false, false, true, true], 4]);
  });
}

test("positions whose names cannot be synced because their consumer was deleted say that", async () => {
  const scene = new Scene();
  scene.acknowledge("c", 1);
  const consumer = scene.another().consumer("c");
  scene.folder.storage.removeTree(consumer.path);
  await assertRejects(() => consumer.syncNames(), ConsumerDeletedError);
});

test("a seek over several partitions survives a power cut that takes only its file", () => {
  const scene = new Scene();
  const { disk, storage } = scene.folder;
  for (const nextId of [1, 5]) scene.seek("c", nextId, nextId);
  for (const path of ["", "/t", "/t/consumers", "/t/consumers/c/seek"]) storage.syncDirectory(ROOT + path);
  disk.random.pick = (lossRates) => lossRates.at(-1)!;
  disk.random.chance = (lossRate) => lossRate === 1;
  disk.random.below = () => 0;
  disk.names.journal = "none";
  disk.powerCut();
  assertEquals([scene.stored("c", 0), scene.stored("c", 1)], [5, 5]);
});

test("the file of a seek over several partitions is on the disk before any position is stored, or nothing is", () => {
  const scene = new Scene();
  const { folder } = scene;
  scene.seek("c", 1, 1);
  const done = folder.changesDuring(() => scene.seek("c", 2, 2))
    .map((change) => change.replace(/\.creating-[0-9a-f]+/, "DRAFT").replace(/[0-9a-f]{16}\.json/, "JSON"));
  assertEquals(done.slice(done.indexOf("makeDirectory t/DRAFT")), [
    "makeDirectory t/DRAFT",
    "publish t/DRAFT/JSON",
    "syncDirectory t/DRAFT",
    "rename t/DRAFT",
    "syncDirectory t/consumers/c",
    // Positions are written to open files in between.
    "syncDirectory t/consumers/c",
    "publish t/consumers/c/name",
    "remove t/consumers/c/seek/JSON",
  ]);
  folder.before = (name, path) => {
    if (name === "syncDirectory" && path.endsWith("/c")) throw new StorageError("EIO", "Cannot sync");
  };
  assertThrows(() => scene.seek("c", 3, 3), StorageError, "Cannot sync");
  folder.before = () => {};
  assertEquals([scene.stored("c", 0), scene.stored("c", 1), scene.openFiles.size], [2, 2, 0]);
});

/** Another process deletes the name and uses it again. */
function usedAgain(scene: Scene): void {
  scene.another().remove("c");
  scene.acknowledge("c", 5);
}

/** A position that is stored in partition 1, or is refused because the name was deleted. */
const NEXT = { nextId: 9, time: 0 };

test("a consumer stores nothing in the folder of another one that has its name since", () => {
  const ways: [known: string, prepare: (scene: Scene) => ConsumerFolder][] = [
    ["it made the folder", ({ registry }) => {
      const consumer = registry.consumer("c");
      consumer.cursor(0).acknowledge(NEXT);
      return consumer;
    }],
    ["it listed the folder", (scene) => {
      scene.seek("c", 1);
      const consumer = scene.registry.consumer("c");
      consumer.listed();
      return consumer;
    }],
    ["it found the folder of another process when it made its own", (scene) => {
      const consumer = scene.registry.consumer("c");
      scene.acknowledge("c", 1);
      consumer.cursor(0).acknowledge(NEXT);
      return consumer;
    }],
  ];
  for (const [known, prepare] of ways) {
    const scene = new Scene();
    const consumer = prepare(scene);
    const cursor = consumer.cursor(1);
    usedAgain(scene);
    consumer.listed();
    for (let times = 0; times < 2; times++) {
      assertThrows(() => cursor.acknowledge(NEXT), ConsumerDeletedError, undefined, known);
      assertEquals([scene.stored("c", 0), scene.stored("c", 1)], [5, undefined], known);
    }
    // Asked for again, as by a member that joins its group again, it is the consumer that has the name now.
    consumer.cursor(1).acknowledge(NEXT);
    assertEquals([scene.stored("c", 0), scene.stored("c", 1)], [5, 9], known);
  }
});

test("a consumer stores nothing in a folder that is replaced while it makes its file", () => {
  const scene = new Scene();
  const consumer = scene.registry.consumer("c");
  consumer.cursor(0).acknowledge(NEXT);
  const cursor = consumer.cursor(1);
  scene.folder.before = (name, path) => {
    if (name !== "publish" || !path.endsWith(".pos")) return;
    scene.folder.before = () => {};
    usedAgain(scene);
  };
  assertThrows(() => cursor.acknowledge(NEXT), ConsumerDeletedError);
  assertEquals([scene.stored("c", 0), scene.stored("c", 1)], [5, undefined]);
});

test("without a file that tells it from others, a folder is known by the first file that was made in it", () => {
  const scene = new Scene();
  scene.folder.file("t/consumers/c/name", "c");
  const consumer = scene.registry.consumer("c");
  const [first, second] = [0, 1].map((partition) => consumer.cursor(partition));
  first!.acknowledge(NEXT);
  scene.another().remove("c");
  scene.folder.file("t/consumers/c/name", "c");
  assertThrows(() => second!.acknowledge(NEXT), ConsumerDeletedError);
  assertEquals(scene.stored("c", 1), undefined);
  // It begins anew when it is asked for again, and not before.
  consumer.cursor(2).acknowledge(NEXT);
  assertEquals(scene.stored("c", 2), 9);
});

test("a consumer that was found deleted is so though a folder of its name is there again", () => {
  const scene = new Scene();
  scene.folder.file("t/consumers/c/name", "c");
  const cursor = scene.registry.consumer("c").cursor(0);
  scene.another().remove("c");
  assertThrows(() => cursor.acknowledge(NEXT), ConsumerDeletedError);
  scene.folder.file("t/consumers/c/name", "c");
  assertThrows(() => cursor.acknowledge(NEXT), ConsumerDeletedError);
  assertEquals(scene.stored("c"), undefined);
});
