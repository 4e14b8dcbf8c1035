// What a topic's folder must contain, as each of its documents and folders is missing or wrong.
import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { InvalidOptionError, StorageError } from "../../../mod.ts";
import {
  editTopicFolder,
  faultOfDocuments,
  makeTopicFolder,
  readTopicFolder,
  unreadableTopic,
} from "../../../src/drivers/files/topic_folder.ts";
import { identityOf } from "../../../src/drivers/files/identity.ts";
import { test } from "../../harness.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

const TOPIC = `${ROOT}/t`;
const component = { type: "default" };

/** A topic with two partitions. */
function made(): SimulatedFolder {
  const folder = new SimulatedFolder();
  const components = { validator: component, partitionSelector: component, serializer: component };
  makeTopicFolder(folder.storage, TOPIC, { options: { num_partitions: 2 }, ...components });
  return folder;
}

/** Writes its document anew. */
function write({ storage }: SimulatedFolder, options: Record<string, unknown>): void {
  const document = { format_version: 1, ...options };
  storage.replace(`${TOPIC}/topic.json`, new TextEncoder().encode(JSON.stringify(document)));
}

const faultOf = ({ storage }: SimulatedFolder): string | undefined =>
  faultOfDocuments(storage, TOPIC, "t")?.message;

test("a topic has as many partitions as its document says, at least one, and none beyond", () => {
  const folder = made();
  const count = () => readTopicFolder(folder.storage, TOPIC, "t", true).numPartitions;
  assertEquals(count(), 2);
  // A folder may be missing, which opening the topic reports; other names do not count.
  folder.file("t/partitions/00000007.old/file");
  folder.file("t/partitions/notes");
  write(folder, { num_partitions: 3 });
  assertEquals(count(), 3);
  write(folder, { num_partitions: 1 });
  const error = assertThrows(
    count,
    StorageError,
    `although there is a folder "${TOPIC}/partitions/00000001"`,
  );
  assertEquals(error.errno, "EILSEQ");
  for (const partition of [0, 1]) folder.storage.removeTree(`${TOPIC}/partitions/0000000${partition}`);
  for (const num_partitions of [0, -1, 1.5, "2", null]) {
    write(folder, { num_partitions });
    assertThrows(count, StorageError, "a whole number from 1", `${num_partitions}`);
  }
  write(folder, { num_partitions: 1 });
  assertEquals(count(), 1);
});

test("a document that is missing is a fault of a topic that was written whole, and of no other", () => {
  const folder = made();
  const { storage } = folder;
  assertEquals(faultOf(folder), undefined);
  write(folder, { num_partitions: 2, segment_bytes: 1 });
  assertStringIncludes(faultOf(folder)!, "segment_bytes");
  write(folder, { num_partitions: 2 });
  storage.remove(`${TOPIC}/validator.json`);
  assertStringIncludes(faultOf(folder)!, "validator.json");
  // An earlier version, and the C++ driver, may leave it out.
  storage.remove(identityOf(storage, TOPIC)!);
  assertEquals(faultOf(folder), undefined);
  storage.remove(`${TOPIC}/topic.json`);
  assertEquals(faultOf(folder), undefined);
  for (const partition of [0, 1]) storage.removeTree(`${TOPIC}/partitions/0000000${partition}`);
  const { layout, numPartitions } = readTopicFolder(storage, TOPIC, "t");
  assertEquals([layout, numPartitions], ["cpp-files", 0]);
  assertEquals(faultOf(folder), undefined);
  folder.before = () => {
    throw new RangeError("a bug");
  };
  assertThrows(() => faultOf(folder), RangeError);
});

test("a topic that cannot be read is listed with as many partitions as it has folders", () => {
  const folder = made();
  const listed = () => unreadableTopic(folder.storage, TOPIC, "t", "a fault");
  const { numPartitions, options, validator, fault } = listed();
  assertEquals([numPartitions, options, validator, fault], [2, { num_partitions: 2 }, component, "a fault"]);
  folder.storage.removeTree(`${TOPIC}/partitions`);
  assertEquals(listed().numPartitions, 0);
  folder.before = () => {
    throw new RangeError("a bug");
  };
  assertThrows(listed, RangeError);
});

test("an edit of a topic that is gone changes nothing, and other failures are said", () => {
  const folder = made();
  const { storage } = folder;
  const edit = () => editTopicFolder(storage, TOPIC, { retention_bytes: 9 });
  assertEquals(edit()?.retention_bytes, 9);
  assertInstanceOf(
    assertThrows(() => editTopicFolder(storage, TOPIC, { retention_bytes: -1 })),
    InvalidOptionError,
  );
  for (const errno of ["EIO", "ENOENT"]) {
    folder.before = (name) => {
      if (name === "syncDirectory") throw new StorageError(errno, "simulated");
    };
    assertEquals(assertThrows(edit, StorageError, "simulated").errno, errno);
  }
  // Another error is not taken for a removal, though the topic is removed then.
  folder.before = (name, path) => {
    if (name !== "syncDirectory" || path !== TOPIC) return;
    folder.before = () => {};
    storage.removeTree(TOPIC);
    throw new StorageError("EIO", "simulated");
  };
  assertThrows(edit, StorageError, "simulated");
  assertEquals(edit(), undefined);
});
