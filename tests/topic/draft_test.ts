// A draft is invisible before it is published: both while it is filled, and after its process was killed.
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ClosedError,
  Driver,
  type DriverInterface,
  InvalidOptionError,
  type Topic,
  TopicExistsError,
} from "../../mod.ts";
import { MemoryDriver } from "../../src/drivers/memory/driver.ts";
import { isUnfinished } from "../../src/topic/draft.ts";
import { test } from "../harness.ts";

async function withFolder(use: (folder: string, driver: Driver) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-draft-"));
  try {
    await using driver = await Driver.open("files", { root_path: join(folder, "store") });
    await use(folder, driver);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function push(topic: Topic, count: number): Promise<void> {
  await using producer = topic.producer();
  for (let n = 0; n < count; n++) producer.push(n);
  await producer.flush();
}

const eventsOf = async (topic: Topic): Promise<number> =>
  (await topic.describe()).reduce((sum, { nextId }) => sum + nextId, 0);

test("a draft in files is a hidden folder, and publishing it leaves nothing of it", async () => {
  await withFolder(async (folder, driver) => {
    const store = join(folder, "store");
    await using draft = await driver.draftTopic("t", { options: { num_partitions: 2 } });
    await push(draft.topic, 10);
    assert(readdirSync(store).every((name) => name.startsWith(".unfinished-t.")));
    assertEquals([await driver.topicExists("t"), (await driver.listTopics()).size], [false, 0]);
    await draft.publish();
    assertEquals(readdirSync(store), ["t"]);
    await assertRejects(() => draft.topic.describe(), ClosedError);
    await using topic = await driver.openTopic("t");
    assertEquals(await eventsOf(topic), 10);
  });
});

test("a name taken meanwhile is not overwritten, and nothing of the draft is left", async () => {
  await withFolder(async (folder, driver) => {
    {
      await using draft = await driver.draftTopic("t");
      await push(draft.topic, 3);
      await driver.createTopic("t", { num_partitions: 1 });
      await assertRejects(() => draft.publish(), TopicExistsError);
    }
    assertEquals(readdirSync(join(folder, "store")), ["t"]);
    await using topic = await driver.openTopic("t");
    assertEquals(await eventsOf(topic), 0);
    await assertRejects(() => driver.draftTopic("t"), TopicExistsError);
  });
});

test("a resumable draft is continued if it has the same documents", async () => {
  await withFolder(async (folder, driver) => {
    const begin = async (definition: Parameters<Driver["draftTopic"]>[1]): Promise<number> => {
      await using draft = await driver.draftTopic("t", definition, { resume: true });
      const before = await eventsOf(draft.topic);
      await push(draft.topic, 5);
      return before;
    };
    const definition = { options: { num_partitions: 1 }, serializer: { type: "cbor" } };
    assertEquals([await begin(definition), await begin(definition)], [0, 5]);
    assertEquals((await driver.listTopics()).size, 0);
    assertEquals(await begin({ ...definition, serializer: { type: "default" } }), 0);
    assertEquals(await begin({ options: { num_partitions: 2 } }), 0);
    await using draft = await driver.draftTopic("t", { options: { num_partitions: 2 } }, { resume: true });
    await draft.publish();
    assertEquals(readdirSync(join(folder, "store")), ["t"]);
  });
});

test("a link in the place of a draft is not followed", async () => {
  await withFolder(async (folder, driver) => {
    const outside = join(folder, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "keep"), "");
    mkdirSync(join(folder, "store"));
    symlinkSync(outside, join(folder, "store/.unfinished-t"));
    await using draft = await driver.draftTopic("t", {}, { resume: true });
    await push(draft.topic, 1);
    await draft.publish();
    assertEquals(readdirSync(outside), ["keep"]);
    assertEquals(readdirSync(join(folder, "store")), ["t"]);
  });
});

test("a killed process's draft is removed after a day without writes", async () => {
  await withFolder(async (folder, driver) => {
    await driver.createTopic("t");
    const [old, young, written] = ["old", "young", "written"].map((name) =>
      join(folder, `store/.unfinished-${name}`)
    );
    const dayBefore = Date.now() / 1000 - 25 * 3600;
    for (const path of [old, young, written]) {
      mkdirSync(join(path, "t"), { recursive: true });
      writeFileSync(join(path, "t/log"), "");
    }
    for (const path of [join(old, "t/log"), join(old, "t"), old, join(written, "t"), written]) {
      utimesSync(path, dayBefore, dayBefore);
    }
    await using draft = await driver.draftTopic("u");
    await draft.discard();
    assertEquals([old, young, written].map((path) => existsSync(path)), [false, true, true]);
  });
});

test("faults in a document that needs no module are reported before anything is created", async () => {
  await withFolder(async (folder, driver) => {
    for (
      const definition of [
        { options: { num_partitions: 0 } },
        { options: { num_partitions: 99_999_999 } },
        { validator: { type: "schema", schema: { type: "numbr" } } },
        { serializer: { type: 5 as never } },
      ]
    ) {
      await assertRejects(() => driver.draftTopic("t", definition), InvalidOptionError);
    }
    assert(!existsSync(join(folder, "store")) || readdirSync(join(folder, "store")).length === 0);
  });
});

test("an engine that cannot hide a topic marks it until it is published, or deletes it", async () => {
  const hidden = new MemoryDriver({});
  const methods = ["createTopic", "openTopic", "topicExists", "listTopics", "deleteTopic", "close"] as const;
  const plain = Object.fromEntries(methods.map((name) => [name, hidden[name].bind(hidden)]));
  await using driver = Driver.from({ name: "plain", ...plain } as unknown as DriverInterface);
  {
    await using draft = await driver.draftTopic("t");
    await push(draft.topic, 3);
    await using topic = await driver.openTopic("t");
    assertEquals(await isUnfinished(topic), true);
    await draft.publish();
    assertEquals([await isUnfinished(topic), await eventsOf(topic)], [false, 3]);
  }
  {
    await using draft = await driver.draftTopic("u");
    await push(draft.topic, 3);
  }
  assertEquals([...(await driver.listTopics()).keys()], ["t"]);
});
