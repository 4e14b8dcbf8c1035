// What is taken for the C++ driver's content in a topic.
import { assertEquals } from "@std/assert";
import { makeTopicFolder, readTopicFolder } from "../../../src/drivers/files/topic_folder.ts";
import { foreignContent } from "../../../src/drivers/files/foreign_content.ts";
import { test } from "../../harness.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

test("files of events are found in each partition, in order, and what is empty or somewhere else is not", () => {
  const cases: [files: Record<string, number>, found: string[], events: number][] = [
    [{ "00000000/index": 0, "00000000/data": 0, "00000000/metadata": 0 }, [], 0],
    [{ "00000000/index": 1 }, ["00000000/index"], 0],
    [{ "00000000/index": 95 }, ["00000000/index"], 2],
    [{ "00000001/index": 32, "00000000/index": 64, "00000000/data": 1 }, [
      "00000000/index",
      "00000000/data",
      "00000001/index",
    ], 3],
    [{ "00000000/index": 32, "00000000/metadata": 1, "00000000/data": 1, "00000000/other": 1 }, [
      "00000000/index",
      "00000000/metadata",
      "00000000/data",
    ], 1],
    // Without an index these are someone else's.
    [{ "00000000/data": 9, "00000000/metadata": 9 }, [], 0],
    [{ "others/index": 32, "0000000/index": 32 }, [], 0],
    // A folder of that name is ours: it keeps the C++ driver out.
    [{ "00000000/index/file": 32, "00000000/data/file": 32 }, [], 0],
    [{ "00000000/index": 32, "00000000/data/file": 32 }, ["00000000/index"], 1],
  ];
  for (const [files, found, events] of cases) {
    const folder = new SimulatedFolder();
    for (const [path, bytes] of Object.entries(files)) folder.file(`t/partitions/${path}`, "x".repeat(bytes));
    const expected = found.length === 0
      ? undefined
      : { files: found.map((path) => `${ROOT}/t/partitions/${path}`), events };
    assertEquals(foreignContent(folder.storage, `${ROOT}/t`), expected);
  }
  assertEquals(foreignContent(new SimulatedFolder().storage, `${ROOT}/none`), undefined);
});

test("a topic's folder of partitions is listed once when its documents are read", () => {
  const folder = new SimulatedFolder();
  const { storage } = folder;
  const type = "default";
  const definition = { validator: { type }, partitionSelector: { type }, serializer: { type } };
  makeTopicFolder(storage, `${ROOT}/t`, { options: { num_partitions: 3 }, ...definition });
  const listed: string[] = [];
  folder.before = (name, path) => {
    if (name === "list") listed.push(path);
  };
  assertEquals(readTopicFolder(storage, `${ROOT}/t`, "t", true).numPartitions, 3);
  assertEquals(listed, [`${ROOT}/t/partitions`]);
});

test("a new topic is on the disk whole, and its first partition has a folder where the C++ driver has a file", () => {
  const folder = new SimulatedFolder();
  const { storage } = folder;
  const type = "default";
  const definition = { validator: { type }, partitionSelector: { type }, serializer: { type } };
  const done = folder.changesDuring(() =>
    makeTopicFolder(storage, `${ROOT}/t`, { options: { num_partitions: 2 }, ...definition })
  );
  const names = folder.names();
  assertEquals(names.filter((name) => name.includes("/partitions/")), [
    ...["t/partitions/00000000", "t/partitions/00000000/data", "t/partitions/00000001"],
  ]);
  const synced = done.filter((change) => change.startsWith("sync")).map((change) => change.split(" ")[1]);
  assertEquals(synced, ["t/partitions/00000000", "t/partitions", "t"]);
});
