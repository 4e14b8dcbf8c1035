// A topic names its components as NAME:MODULE, and opening it imported the modules: a downloaded store ran its
// code when its topics were listed with their sizes, described, verified or viewed. What is stored is data: a
// module is only loaded with consent, when a producer or consumer needs it.
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import {
  Driver,
  type DriverInterface,
  InvalidOptionError,
  type JsonObject,
  ModuleLoadError,
  ModuleNotAllowedError,
  registerPartitionSelector,
  registerSerializer,
  registerValidator,
  StorageError,
  type Topic,
} from "../../mod.ts";
import { FilesDriver } from "../../src/drivers/files/driver.ts";
import { MemoryDriver } from "../../src/drivers/memory/driver.ts";
import { test } from "../harness.ts";

const KINDS = ["validator", "selector", "serializer"] as const;

/** A module with one component of each kind, which leaves a file behind when it runs. */
function moduleText(marker: string): string {
  return `
import { writeFileSync } from "node:fs";
writeFileSync(${JSON.stringify(marker)}, "it ran");
export class Part {
  validate(metadata) { if (metadata.n > 100) throw new Error("too much"); }
  setPartitions() {}
  selectPartitionFor() { return 0; }
  serialize(metadata) { return new TextEncoder().encode("*" + JSON.stringify(metadata)); }
  deserialize(bytes) { return JSON.parse(new TextDecoder().decode(bytes).slice(1)); }
  config() { return { type: "Part" }; }
}
export default Part;
`;
}

interface Place {
  folder: string;
  /** Folder of the modules, one for each kind. */
  modules: string;
  module(kind: string): string;
  /** The kinds whose module ran. */
  ran(): string[];
}

async function withPlace(use: (place: Place) => Promise<void>): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "diaspora-stored-")));
  const modules = join(folder, "modules");
  try {
    mkdirSync(modules);
    const module = (kind: string) => join(modules, `${kind}.mjs`);
    for (const kind of KINDS) writeFileSync(module(kind), moduleText(join(folder, `${kind} ran`)));
    await use({
      folder,
      modules,
      module,
      ran: () => KINDS.filter((kind) => existsSync(join(folder, `${kind} ran`))),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Stores a topic as another program would: its documents are written unchanged. */
async function storeTopic(
  driver: DriverInterface,
  name: string,
  typeOf: (kind: string) => string,
): Promise<void> {
  await driver.createTopic(name, {
    options: { num_partitions: 2 },
    validator: { type: typeOf("validator") },
    partitionSelector: { type: typeOf("selector") },
    serializer: { type: typeOf("serializer") },
  });
}

const ENGINES: Record<
  string,
  (folder: string, options?: JsonObject) => { open(): Promise<Driver>; raw: DriverInterface }
> = {
  files: (folder, options = {}) => ({
    raw: new FilesDriver({ root_path: join(folder, "store") }),
    open: () => Driver.open("files", { root_path: join(folder, "store"), ...options }),
  }),
  memory: (folder, options = {}) => ({
    raw: new MemoryDriver({ store: folder }),
    open: () => Driver.open("memory", { store: folder, ...options }),
  }),
};

/** Every call that needs no component. */
async function administer(driver: Driver, name: string): Promise<void> {
  assertEquals(await driver.topicExists(name), true);
  assertEquals((await driver.listTopics()).get(name)?.numPartitions, 2);
  await using topic = await driver.openTopic(name);
  assertEquals([topic.name, topic.partitions.length, topic.options.num_partitions], [name, 2, 2]);
  assertEquals(topic.definition.serializer, (await driver.listTopics()).get(name)?.serializer);
  assertEquals((await topic.describe()).length, 2);
  await topic.seekConsumer("c", "earliest");
  assertEquals(await topic.consumers(), ["c"]);
  assertEquals((await topic.lag("c")).length, 2);
  await topic.deleteConsumer("c");
  await topic.trim({ beforeId: 0 });
  await topic.edit({ flush_behavior: "buffered" });
}

/** What needs a component is refused, with the reason. */
function refusals(topic: Topic): ModuleNotAllowedError[] {
  return [
    () => topic.producer(),
    () => topic.consumer("c"),
    () => topic.validator,
    () => topic.partitionSelector,
    () => topic.serializer,
  ].map((use) => assertThrows(use, ModuleNotAllowedError));
}

const NEVER = (marker: string): string[] => {
  const address = `data:text/javascript,${encodeURIComponent(moduleText(marker))}`;
  return [
    address,
    ` ${address}`,
    address.replace("data", "DATA"),
    address.replace("data", "da\nta"),
    `data:text/javascript;base64,${btoa(moduleText(marker))}`,
    "http://localhost:1/part.mjs",
    "https://localhost:1/part.mjs",
    "blob:null/9a9a",
    "node:child_process",
    "child_process",
    "fs/promises",
    "bun:ffi",
    "file://another.host/part.mjs",
    "file:///a%2Fb.mjs",
    "#internal",
    "a-package/../../part.mjs",
    "a-package/%2e%2e/part.mjs",
    "a-package\\..\\part.mjs",
    "npm:a-package@1/../../part.mjs",
    "",
  ];
};

for (const [engine, place] of Object.entries(ENGINES)) {
  test(`no call of the ${engine} driver runs modules that a stored topic names, and administration does not need them`, async () => {
    await withPlace(async ({ folder, module, modules, ran }) => {
      const marker = join(folder, "validator ran");
      const { raw, open } = place(folder);
      symlinkSync(modules, join(folder, "link"));
      const named = [
        ...KINDS.map(module),
        pathToFileURL(module("validator")).href,
        pathToFileURL(module("validator")).href.replace("validator", "%76alidator").replace("file:", "FILE:"),
        join(folder, "link/validator.mjs"),
        `${modules}/../modules/./validator.mjs`,
        "a-package",
        "@scope/a-package/part.js",
        "npm:a-package@1.2.3",
        ...NEVER(marker),
      ];
      for (const [index, at] of named.entries()) {
        const name = `t${index}`;
        await storeTopic(raw, name, () => `Part:${at}`);
        await using driver = await open();
        await administer(driver, name);
        await using topic = await driver.openTopic(name);
        for (const error of refusals(topic)) {
          assertEquals([error.code, error.topic, error.module], ["ERR_MODULE_NOT_ALLOWED", name, at]);
          assertStringIncludes(error.message, `of topic "${name}" from "${at}": `);
        }
        await topic.close();
        await driver.deleteTopic(name);
        assertEquals(ran(), [], at);
      }
    });
  });

  test(`with permission each module of a topic of the ${engine} driver is loaded when it is needed, and not before`, async () => {
    await withPlace(async ({ folder, module, modules, ran }) => {
      const { raw, open } = place(folder, { load_modules: [`${modules}/`] });
      await storeTopic(raw, "t", (kind) => `Part:${module(kind)}`);
      await using driver = await open();
      await administer(driver, "t");
      assertEquals(ran(), []);
      await using topic = await driver.openTopic("t");
      await using consumer = topic.consumer("c");
      await consumer.ready();
      assertEquals(ran(), ["serializer"]);
      await using producer = topic.producer({ batchSize: 2, maxNumBatches: 1 });
      await producer.ready();
      assertEquals(ran(), [...KINDS]);
      const pushes = [1, 2, 101, 3].map((n) => producer.push({ n }));
      assertEquals(await Promise.all([pushes[0], pushes[1], pushes[3]]), [0, 1, 2]);
      await assertRejects(async () => await pushes[2], Error, "too much");
      for (const n of [1, 2, 3]) assertEquals((await consumer.pull()).metadata, { n });
      // The placeholders used while the components were loading have been replaced.
      assertEquals(
        [topic.validator, topic.partitionSelector, topic.serializer].map((it) => it.constructor.name),
        [
          "Part",
          "Part",
          "Part",
        ],
      );
      assertEquals(topic.serializer.deserialize(new TextEncoder().encode("*5")), 5);
    });
  });
}

/** Pushes one event and reads it. */
async function useTopic(driver: Driver): Promise<void> {
  await using topic = await driver.openTopic("t");
  await using producer = topic.producer();
  await producer.push({ n: 1 });
  await using consumer = topic.consumer("c");
  assertEquals((await consumer.pull()).metadata, { n: 1 });
}

test("permission is a path, a folder, a file URL or a link to them, in the driver's options or the environment", async () => {
  for (const how of ["files", "folder", "address", "link", "linked folder", "text", "environment", "from"]) {
    await withPlace(async ({ folder, module, modules, ran }) => {
      symlinkSync(modules, join(folder, "link"));
      const paths = KINDS.map(module);
      const allowed: Record<string, string[]> = {
        files: paths,
        folder: [`${modules}/`],
        address: paths.map((path) => pathToFileURL(path).href),
        link: KINDS.map((kind) => join(folder, "link", `${kind}.mjs`)),
        "linked folder": [`${join(folder, "link")}/`],
      };
      // The other way round as well: the document names the link, and the real path is allowed.
      const stored = how === "folder" ? (kind: string) => join(folder, "link", `${kind}.mjs`) : module;
      const raw = new FilesDriver({ root_path: join(folder, "store") });
      await storeTopic(raw, "t", (kind) => `Part:${stored(kind)}`);
      const options: JsonObject = { root_path: join(folder, "store") };
      if (how in allowed) options.load_modules = allowed[how];
      if (how === "text") options.load_modules = `${modules}/`;
      if (how === "environment") process.env.DIASPORA_LOAD_MODULES = `${modules}/, a-package`;
      try {
        await using driver = how === "from"
          ? Driver.from(raw, [`${modules}/`])
          : await Driver.open("files", options);
        await useTopic(driver);
      } finally {
        delete process.env.DIASPORA_LOAD_MODULES;
      }
      assertEquals(ran(), [...KINDS]);
    });
  }
});

test("components passed or registered in this process need no other permission", async () => {
  await withPlace(async ({ folder, module }) => {
    const options = { root_path: join(folder, "store") };
    await using driver = await Driver.open("files", options);
    const components = {
      validator: { type: `Part:${module("validator")}` },
      partitionSelector: { type: `Part:${pathToFileURL(module("selector")).href}` },
      serializer: { type: `Part:${module("serializer")}` },
    };
    await driver.createTopic("t", {}, components);
    await useTopic(driver);
    // That name in that module, and no other.
    await storeTopic(new FilesDriver(options), "other", (kind) => `default:${module(kind)}`);
    await using other = await driver.openTopic("other");
    refusals(other);
  });
  await withPlace(async ({ folder, module, ran }) => {
    await storeTopic(new MemoryDriver({ store: folder }), "t", (kind) => `RegisteredPart:${module(kind)}`);
    const documents: JsonObject[] = [];
    const part = {
      validate() {},
      setPartitions() {},
      selectPartitionFor: () => 1,
      config: () => ({ type: "x" }),
    };
    const text = {
      serialize: JSON.stringify,
      deserialize: (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)),
    };
    registerValidator("RegisteredPart", (document) => (documents.push(document), part));
    registerPartitionSelector("RegisteredPart", () => part);
    registerSerializer("RegisteredPart", () => ({ ...text, config: part.config }));
    await using driver = await Driver.open("memory", { store: folder });
    await administer(driver, "t");
    assertEquals(documents, []);
    await useTopic(driver);
    await using topic = await driver.openTopic("t");
    assertEquals([topic.validator, documents.length], [part, 2]);
    assertEquals(documents[0], { type: `RegisteredPart:${module("validator")}` });
    assertEquals(ran(), []);
  });
});

test("a built-in component name before a module is not permission, and does not mean the built-in one", async () => {
  await withPlace(async ({ folder, module, ran }) => {
    await storeTopic(new MemoryDriver({ store: folder }), "t", (kind) => `default:${module(kind)}`);
    await using driver = await Driver.open("memory", { store: folder });
    await using topic = await driver.openTopic("t");
    refusals(topic);
    assertEquals(ran(), []);
  });
});

test("permission covers nothing beyond what it names", async () => {
  await withPlace(async ({ folder, module, modules, ran }) => {
    mkdirSync(join(folder, "modules-too"));
    mkdirSync(join(folder, "allowed"));
    writeFileSync(join(folder, "modules-too/part.mjs"), moduleText(join(folder, "validator ran")));
    symlinkSync(module("validator"), join(folder, "allowed/part.mjs"));
    symlinkSync(modules, join(folder, "allowed/deeper"));
    const cases: [string[], string][] = [
      [[`${modules}/`], join(folder, "modules-too/part.mjs")],
      [[`${join(folder, "allowed")}/`], join(folder, "allowed/part.mjs")],
      [[`${join(folder, "allowed")}/`], join(folder, "allowed/deeper/validator.mjs")],
      [[`${join(folder, "allowed")}/`], `${folder}/allowed/../modules/validator.mjs`],
      [[`${join(folder, "allowed")}/`], `${pathToFileURL(folder).href}/allowed/%2e%2e/modules/validator.mjs`],
      [[module("selector")], module("validator")],
      [["a-package"], "a-package-too"],
      [["a-package"], "@a-package/a-package"],
      [["a-package"], "npm:a-package"],
      [["npm:a-package@1"], "npm:a-package@2"],
      [["npm:a-package@1"], "a-package"],
      [["a-package"], "a-package/../../part.mjs"],
      [["a-package"], "a-package/..%2f..%2fpart.mjs"],
    ];
    for (const [index, [allowed, named]] of cases.entries()) {
      const store = `${folder}-${index}`;
      await storeTopic(new MemoryDriver({ store }), "t", () => `Part:${named}`);
      await using driver = await Driver.open("memory", { store, load_modules: allowed });
      await using topic = await driver.openTopic("t");
      refusals(topic);
      assertEquals(ran(), [], named);
    }
  });
});

test("an allowed module that cannot be loaded is reported with the places searched", async () => {
  await withPlace(async ({ folder, modules }) => {
    const allowed = { load_modules: [`${modules}/`, "surely-no-such-package"] };
    for (
      const [at, expected] of [
        [join(modules, "gone.mjs"), `"${join(modules, "gone.mjs")}": no such file`],
        [
          "surely-no-such-package",
          `looked for next to this library and in the node_modules of "${process.cwd()}"`,
        ],
      ]
    ) {
      const store = `${folder}${at}`;
      await storeTopic(
        new MemoryDriver({ store }),
        "t",
        (kind) => kind === "selector" ? "default" : `Part:${at}`,
      );
      await using driver = await Driver.open("memory", { store, ...allowed });
      await using topic = await driver.openTopic("t");
      const producer = topic.producer();
      await assertRejects(async () => await producer.push(1), ModuleLoadError, expected);
      const consumer = topic.consumer("c");
      await assertRejects(async () => await consumer.pull(), ModuleLoadError, expected);
      await assertRejects(() => consumer.ready(), ModuleLoadError, expected);
      await consumer.close();
    }
  });
});

test("documents with impossible values and impossible names are not taken for topics", async () => {
  await withPlace(async ({ folder }) => {
    const root = join(folder, "store");
    await using driver = await Driver.open("files", { root_path: root });
    await driver.createTopic("t");
    for (const name of ["x\u001b]0;title\u0007", "a\u0085", "..."]) {
      mkdirSync(join(root, name, "partitions"), { recursive: true });
    }
    assertEquals([...(await driver.listTopics()).keys()], ["t"]);
    for (const count of ["x", -5, null, 1e300, 99_999_999, 2]) {
      writeFileSync(join(root, "t/topic.json"), JSON.stringify({ format_version: 1, num_partitions: count }));
      const error = await assertRejects(() => driver.openTopic("t"), StorageError);
      assertStringIncludes(error.message, `"${join(root, "t")}/`);
    }
  });
});

test("an invalid permission is refused when the driver is opened", async () => {
  await withPlace(async ({ folder, modules }) => {
    for (
      const [given, expected] of [
        [{ a: 1 }, "expected a list of paths and packages"],
        [[5], "expected a list"],
        [[""], "expected a list"],
        [["data:text/javascript,1"], "expected a path, or the name of a package"],
        [["https://example.org/"], "expected a path"],
        [["node:fs"], "expected a path"],
        [["fs"], "expected a path"],
        [["a-package/sub"], "expected a path"],
        [["file://host/x"], "not the address of a file"],
        [[modules], `it is a folder: write "${modules}/" to allow every module in it`],
      ] as const
    ) {
      await assertRejects(
        () => Driver.open("memory", { store: folder, load_modules: given as never }),
        InvalidOptionError,
        expected,
      );
    }
  });
});
