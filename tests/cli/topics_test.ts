import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness.ts";
import { ctl, withFolder } from "./program.ts";

const create = (name: string, driver: string[], ...more: string[]) =>
  ctl(["topic", "create", "--name", name, ...driver, ...more]);

test("topic create takes options from files and the command line, which wins", async () => {
  await withFolder(async ({ folder, root }) => {
    const driverConfig = join(folder, "driver.json");
    const topicConfig = join(folder, "topic.json");
    writeFileSync(driverConfig, JSON.stringify({ root_path: root }));
    writeFileSync(topicConfig, JSON.stringify({ num_partitions: 2 }));
    const driver = ["--driver", "files", "--driver-config", driverConfig];
    await create("two", driver, "--topic-config", topicConfig);
    await create("three", driver, "--topic-config", topicConfig, "--topic.num_partitions", "3");
    assert(existsSync(join(root, "two", "partitions", "00000001")));
    assert(!existsSync(join(root, "two", "partitions", "00000002")));
    assert(existsSync(join(root, "three", "partitions", "00000002")));
  });
});

test("topic create stores components, built-in ones and modules in the working directory", async () => {
  await withFolder(async ({ folder, driver }) => {
    writeFileSync(
      join(folder, "even.js"),
      `export class Even {
        constructor(document) { this.document = document; }
        validate(metadata) { if (metadata % 2 !== 0) throw new Error("it is odd"); }
        config() { return this.document; }
      }
      export const even = (document) => new Even(document);`,
    );
    const words = ["topic", "create", "--name", "numbers", ...driver, "--validator", "even:./even.js"];
    const { code, stderr } = await ctl(words, { folder });
    assertEquals(code, 0, stderr);
    const consent = ["--load-modules", join(folder, "even.js")];
    const produced = await ctl(["produce", "numbers", ...driver, ...consent], { input: "2\n4\n5\n6\n" });
    assertEquals(produced.code, 1);
    assertStringIncludes(produced.stderr, "Line 3: ");
    assertStringIncludes(produced.stderr, "it is odd");
    assertEquals((await ctl(["consume", "numbers", ...driver])).stdout, "2\n4\n");
  });
});

test("topic create ignores options unknown to the driver, but refuses misspelt ones", async () => {
  await withFolder(async ({ driver }) => {
    const nested = await create(
      "t",
      driver,
      "--topic.config.option1",
      "value1",
      "--topic.config.option2",
      "value2",
    );
    assertEquals(nested.code, 0, nested.stderr);
    assertStringIncludes(nested.stderr, 'Topic option "config" is unknown to the driver: left out');
    const misspelt = await create("u", driver, "--topic.num_partition", "4");
    assertEquals(misspelt.code, 2);
    assertStringIncludes(misspelt.stderr, 'did you mean "num_partitions"?');
  });
});

test("topic create --if-not-exists leaves an existing topic unchanged", async () => {
  await withFolder(async ({ driver }) => {
    assertEquals((await create("t", driver)).code, 0);
    await ctl(["produce", "t", ...driver], { input: "1\n" });
    assertEquals((await create("t", driver)).code, 1);
    assertEquals((await create("t", driver, "--if-not-exists")).code, 0);
    assertEquals((await ctl(["consume", "t", ...driver])).stdout, "1\n");
  });
});

test("topic list prints names, and details with --verbose or --json", async () => {
  await withFolder(async ({ root, driver }) => {
    assertEquals((await ctl(["topic", "list", ...driver])).stdout, "");
    await create("b", driver, "--topic.num_partitions", "3");
    await create("a", driver);
    await ctl(["produce", "a", ...driver], { input: "1\n2\n" });
    assertEquals((await ctl(["topic", "list", ...driver])).stdout, "a\nb\n");
    const verbose = (await ctl(["topic", "list", "-v", ...driver])).stdout.trimEnd().split("\n");
    assertEquals(verbose.map((line) => line.slice(0, 3)), ["a {", "b {"]);
    const [a, b] = (await ctl(["topic", "list", "--json", ...driver])).stdout.trimEnd().split("\n")
      .map((line) => JSON.parse(line));
    assertEquals(JSON.parse(verbose[1].slice(2)), b);
    assertEquals([a.name, a.events, a.path], ["a", 2, join(root, "a")]);
    assertEquals([b.name, b.num_partitions, b.events], ["b", 3, 0]);
    for (const key of ["validator", "serializer", "partition_selector"]) {
      assertEquals(b[key], { type: "default" });
    }
  });
});

test("topic describe shows every partition", async () => {
  await withFolder(async ({ driver }) => {
    await create("t", driver, "--topic.num_partitions", "2");
    await ctl(["produce", "t", "--partition", "1", ...driver], { input: "1\n2\n" });
    const document = JSON.parse(
      (await ctl(["topic", "describe", "--name", "t", "--json", ...driver])).stdout,
    );
    assertEquals(document.events, 2);
    assertEquals(
      document.partitions.map((
        { partition, first_id, next_id }: Record<string, number>,
      ) => [partition, first_id, next_id]),
      [[0, 0, 0], [1, 0, 2]],
    );
    const { stdout } = await ctl(["topic", "describe", "t", ...driver]);
    assertStringIncludes(stdout, "first id  next id");
  });
});

test("topic edit changes options that can change, and refuses others", async () => {
  await withFolder(async ({ driver }) => {
    await create("t", driver);
    const edit = (...words: string[]) => ctl(["topic", "edit", "t", ...driver, ...words]);
    assertEquals((await edit("--topic.segment_bytes", "2e6")).code, 0);
    const document = JSON.parse((await ctl(["topic", "describe", "t", "--json", ...driver])).stdout);
    assertEquals(document.options.segment_bytes, 2_000_000);
    assertEquals((await edit("--topic.num_partitions", "9")).code, 2);
    const nothing = await edit();
    assertEquals(nothing.code, 2);
    assertStringIncludes(nothing.stderr, "Nothing to change");
  });
});

test("topic trim shows what it would remove, requires --yes, and removes whole segments", async () => {
  await withFolder(async ({ driver }) => {
    await create("t", driver, "--topic.segment_bytes", "65536");
    const input = Array.from({ length: 3000 }, (_, id) => JSON.stringify({ id, text: "x".repeat(100) })).join(
      "\n",
    );
    await ctl(["produce", "t", "--batch-size", "100", ...driver], { input });
    const trim = (...words: string[]) =>
      ctl(["topic", "trim", "t", "--before-id", "2000", ...driver, ...words]);
    const planned = JSON.parse((await trim("--dry-run", "--json")).stdout);
    assert(planned.first_id > 1000 && planned.first_id <= 2000, JSON.stringify(planned));
    const unasked = await trim();
    assertEquals(unasked.code, 2);
    assertStringIncludes(unasked.stderr, "--yes");
    const done = JSON.parse((await trim("--yes", "--json")).stdout);
    assertEquals(done, planned);
    // It printed a row of zeros, and not why.
    assertStringIncludes((await trim("--yes")).stderr, "only whole segments go");
    const first = JSON.parse((await ctl(["consume", "t", "--max", "1", ...driver])).stdout);
    assertEquals(first.id, planned.first_id);
    const last = JSON.parse((await ctl(["consume", "t", "--from", "-1", ...driver])).stdout);
    assertEquals(last.id, 2999);
  });
});

test("topic delete requires --yes, and has --dry-run and --if-exists", async () => {
  await withFolder(async ({ driver }) => {
    await create("t", driver);
    const remove = (...words: string[]) => ctl(["topic", "delete", "t", ...driver, ...words]);
    assertEquals((await remove()).code, 2);
    assertEquals((await remove("--dry-run")).code, 0);
    assertEquals((await ctl(["topic", "list", ...driver])).stdout, "t\n");
    assertEquals((await remove("--yes")).code, 0);
    assertEquals((await ctl(["topic", "list", ...driver])).stdout, "");
    assertEquals((await remove("--yes")).code, 4);
    assertEquals((await remove("--yes", "--if-exists")).code, 0);
  });
});
