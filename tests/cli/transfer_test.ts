import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { walkSync } from "@std/fs/walk";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { Driver } from "../../mod.ts";
import { test } from "../harness.ts";
import { ctl, type Place, run, withFolder } from "./program.ts";

/** The files of a store, which is made once. */
let stored: Map<string, Uint8Array> | undefined;

/** A topic with everything that could get lost: partitions, components, data, unusual numbers and texts. */
async function makeTopic(place: Place): Promise<void> {
  const { root } = place;
  if (stored === undefined) {
    await produceAll(place);
    const files = [...walkSync(root, { includeDirs: false })];
    stored = new Map(files.map(({ path }) => [relative(root, path), new Uint8Array(readFileSync(path))]));
    return;
  }
  for (const [path, bytes] of stored) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), bytes);
  }
}

async function produceAll({ driver, folder }: Place): Promise<void> {
  await ctl([
    "topic",
    "create",
    "--name",
    "t",
    "--topic.num_partitions",
    "3",
    "--partition-selector",
    "key",
    "--partition-selector.pointer",
    "/k",
    ...driver,
  ]);
  const lines = [
    '{"k": 1, "big": 12345678901234567890, "f": 1.50, "s": "é\\u0000\\"}]"}',
    "-0.0",
    '"text"',
    "[]",
    "null",
  ];
  await ctl(["produce", "t", ...driver], { input: lines.join("\n") });
  const parts = Array.from({ length: 40 }, (_, size) => randomBytes(size * 1000).toString("base64"));
  await ctl(["produce", "t", "--format", "base64", "--metadata", '{"k": [2]}', ...driver], {
    input: parts.join("\n"),
  });
  writeFileSync(join(folder, "large"), randomBytes(7_000_000));
  await ctl(["produce", "t", "--metadata", '{"data": "x"}', "--data", join(folder, "large"), ...driver]);
}

/** Everything about the events except their times. */
async function contentOf(topic: string, driver: string[]): Promise<unknown[]> {
  const { stdout } = await ctl(["consume", topic, "--json", "--data", "base64", ...driver]);
  return stdout.trimEnd().split("\n").map((line) => line.replace(/"timestamp":\d+,/, "")).sort();
}

for (const [format, file] of [["jsonl", "t.jsonl"], ["archive", "t.tar"], ["archive", "t.tar.gz"]]) {
  test(`a topic is exported to ${file} and imported unchanged`, async () => {
    await withFolder(async (place) => {
      const { folder, driver } = place;
      await makeTopic(place);
      const path = join(folder, file);
      const exported = await ctl(["export", "--to", format, "--to.file", path, "--name", "t", ...driver]);
      assertEquals([exported.code, exported.stdout], [0, ""], exported.stderr);
      assert(!existsSync(`${path}.partial`));
      const other = ["--driver", "files", "--driver.root_path", join(folder, "other")];
      const imported = await ctl([
        "import",
        "--from",
        format,
        "--from.file",
        path,
        "--name",
        "back",
        ...other,
      ]);
      assertEquals(imported.code, 0, imported.stderr);
      assertEquals(await contentOf("back", other), await contentOf("t", driver));
      const info = JSON.parse((await ctl(["topic", "list", "--json", ...other])).stdout);
      assertEquals(info.num_partitions, 3);
      if (format === "archive") assertEquals(info.partition_selector, { type: "key", pointer: "/k" });
    });
  });
}

test("an export to standard output contains nothing else", async () => {
  await withFolder(async (place) => {
    const { folder, driver } = place;
    await makeTopic(place);
    const jsonl = await ctl(["export", "t", "--to", "jsonl", "--to.file", "-", ...driver]);
    assertEquals(jsonl.stdout.trimEnd().split("\n").length, 46);
    const words = [
      "import",
      "copy",
      "--from",
      "jsonl",
      "--from.file",
      "-",
      "--topic.num_partitions",
      "3",
      ...driver,
    ];
    assertEquals((await ctl(words, { input: jsonl.bytes })).code, 0);
    assertEquals(await contentOf("copy", driver), await contentOf("t", driver));
    const archive = await ctl(["export", "t", "--to", "archive", "--to.file", "-", ...driver]);
    const back = await ctl(["import", "--from", "archive", "--from.file", "-", "--name", "b", ...driver], {
      input: archive.bytes,
    });
    assertEquals(back.code, 0, back.stderr);
    assertEquals(await contentOf("b", driver), await contentOf("t", driver));
    writeFileSync(join(folder, "t.tar"), archive.bytes);
    const listed = await run(["tar", "tf", join(folder, "t.tar")]);
    assertEquals([listed.code, listed.stdout.split("\n")[0]], [0, "topic.json"], listed.stderr);
  });
});

test("an archive keeps metadata exactly, line breaks between its tokens included", async () => {
  await withFolder(async ({ driver, root, folder }) => {
    const texts = ['{\n  "k": 1,\r\n  "s": "\\n"\n}', "{}", "\n[\n]", '{"b": 2}'];
    await using store = await Driver.open("files", { root_path: root });
    await store.createTopic("t", { num_partitions: 1 });
    await using topic = await store.openTopic("t");
    const producer = topic.producer();
    for (const [size, text] of texts.entries()) producer.push(text, new Uint8Array(size));
    await producer.flush();
    const path = join(folder, "t.tar");
    assertEquals((await ctl(["export", "t", "--to", "archive", "--to.file", path, ...driver])).code, 0);
    const words = ["import", "--from", "archive", "--from.file", path, "--name", "b", ...driver];
    assertEquals((await ctl(words)).code, 0);
    await using copy = await store.openTopic("b");
    const copied: [string, number][] = [];
    for await (const { metadataText, dataDescriptor } of copy.consumer("c").events({ until: "end" })) {
      copied.push([metadataText, dataDescriptor.size]);
    }
    assertEquals(copied, texts.map((text, size) => [text, size]));
  });
});

test("JSON Lines of other programs are read: any order, spaces, no partition, no data", async () => {
  await withFolder(async ({ driver }) => {
    const input =
      ' { "metadata" : {"a": 1.0 } }\n\n{"data":"AQI=","metadata":"x","more":[1,"}"]}\r\n{"metadata":null,"data":null}\n';
    const { code, stderr } = await ctl(["import", "t", "--from", "jsonl", "--from.file", "-", ...driver], {
      input,
    });
    assertEquals(code, 0, stderr);
    const { stdout } = await ctl(["consume", "t", "--data", "hex", ...driver]);
    assertEquals(stdout, '{"a": 1.0 }\t\n"x"\t0102\nnull\t\n');
  });
});

test("a malformed line is named: a new topic is not created, and an existing one has the lines before it", async () => {
  await withFolder(async ({ driver }) => {
    for (
      const [index, [line, part]] of [
        ["oops", "it is not JSON"],
        ["[1]", 'expected an object with "metadata"'],
        ['{"data": "AA=="}', 'expected an object with "metadata"'],
        ['{"metadata": 1, "partition": -1}', '"partition" must be a whole number, found -1'],
        ['{"metadata": 1, "partition": 5}', '"--topic.num_partitions 6"'],
        ['{"metadata": 1, "data": "!!"}', '"data" is not base64'],
        ['{"metadata": 1, "data": "AAAA!"}', '"data" is not base64'],
        ['{"metadata": 1, "data": "QUJDR"}', '"data" is not base64'],
        ['{"metadata": 1, "data": 5}', '"data" must be text in base64'],
      ].entries()
    ) {
      const name = `t${index}`;
      const words = ["import", "--from", "jsonl", "--from.file", "-", "--name", name, ...driver];
      const importing = async (aftermath: string) => {
        const { code, stderr } = await ctl(words, { input: `{"metadata": 1}\n${line}\n{"metadata": 3}\n` });
        assertEquals(code, 1);
        assertStringIncludes(stderr, "Line 2: ");
        assertStringIncludes(stderr, part);
        assertStringIncludes(stderr, aftermath);
      };
      await importing("; nothing is imported");
      assertEquals((await ctl(["topic", "describe", name, ...driver])).code, 4);
      await ctl(["topic", "create", name, ...driver]);
      await importing("; the lines before it are stored");
      assertEquals((await ctl(["consume", name, ...driver])).stdout, "1\n");
    }
  });
});

test("a truncated or damaged archive is detected, with exit code 3", async () => {
  await withFolder(async (place) => {
    const { folder, driver } = place;
    await makeTopic(place);
    const path = join(folder, "t.tar");
    await ctl(["export", "t", "--to", "archive", "--to.file", path, ...driver]);
    const whole = readFileSync(path);
    const importing = async (bytes: Uint8Array, name: string) => {
      writeFileSync(path, bytes);
      return await ctl(["import", "--from", "archive", "--from.file", path, "--name", name, ...driver]);
    };
    const cut = await importing(whole.subarray(0, 200_000), "cut");
    assertEquals(cut.code, 3, cut.stderr);
    assertStringIncludes(cut.stderr, "cut off");
    const flipped = new Uint8Array(whole);
    flipped[whole.indexOf(Buffer.from("text")) + 1] ^= 1;
    const damaged = await importing(flipped, "damaged");
    assertEquals(damaged.code, 3, damaged.stderr);
    assertStringIncludes(damaged.stderr, "checksum of");
    const other = await importing(new TextEncoder().encode("no archive".repeat(100)), "other");
    assertEquals(other.code, 2);
    assertStringIncludes(other.stderr, "expected a file made by");
  });
});

test("an unwritable target is named, and nothing is left", async () => {
  await withFolder(async (place) => {
    const { driver } = place;
    await makeTopic(place);
    for (const format of ["jsonl", "archive"]) {
      const exporting = (file: string) => ctl(["export", "t", "--to", format, "--to.file", file, ...driver]);
      const nowhere = await exporting("/nowhere/t");
      assertEquals(nowhere.code, 2);
      assertStringIncludes(nowhere.stderr, 'Cannot write "/nowhere/t" given by "--to.file"');
      const full = await exporting("/dev/full");
      assertEquals([full.code, full.stderr.split("\n").length], [1, 2], full.stderr);
      assertStringIncludes(full.stderr, "Cannot write");
    }
  });
});

test("invalid options of a format are named", async () => {
  await withFolder(async (place) => {
    const { driver } = place;
    await ctl(["topic", "create", "--name", "t", ...driver]);
    for (
      const [words, part] of [
        [["export", "t", "--to", "xml"], 'Unknown format "xml"'],
        [["export", "t", "--to", "jsonl"], 'add "--to.file FILE"'],
        [
          ["export", "t", "--to", "jsonl", "--to.fil", "x"],
          'Unknown option "--to.fil": did you mean "--to.file"?',
        ],
        [["import", "t", "--from", "archive", "--from.file", "/nowhere"], 'Cannot read "/nowhere"'],
        [["import", "t", "--from", "jsonl", "--from.file", "/nowhere"], 'Cannot read "/nowhere"'],
        [["import", "t", "--from", "jsonl"], 'add "--from.file FILE"'],
      ] as const
    ) {
      const { code, stderr } = await ctl([...words, ...driver]);
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, part);
    }
  });
});

// What `consume --json` printed was refused as soon as there was data: its lines begin like those of an export, which
// have nothing between metadata and data. And of two members of one name the last one counts, as in JSON.parse.
test("lines of consume --json are imported, and lines with a member twice", () =>
  withFolder(async ({ driver }) => {
    await ctl(["topic", "create", "t", ...driver]);
    await ctl(["produce", "t", "--metadata", '{"n": 12345678901234567890}', "--data", "-", ...driver], {
      input: "bytes",
    });
    await ctl(["produce", "t", "--metadata", '{"metadata": 5}', ...driver]);
    const printed = await ctl(["consume", "t", "--json", "--data", "base64", ...driver]);
    const head = '{"partition":0,"id":0,"timestamp":1,"metadata":';
    const twice = `${head}1,"metadata":2}\n${head}3,"metadata":4,"data":"AA=="}\n`;
    const input = printed.stdout + twice;
    const imported = await ctl(["import", "u", "--from", "jsonl", "--from.file", "-", ...driver], { input });
    assertEquals(imported.code, 0, imported.stderr);
    const { stdout } = await ctl(["consume", "u", "--template", "{m} {data}", ...driver]);
    assertEquals(stdout, '{"n": 12345678901234567890} bytes\n{"metadata": 5} \n2 \n4 \0\n');
  }));
