// An archive may come from anyone: entries with paths outside, duplicate or unknown entries, impossible sizes.
// Each is refused or reported, and nothing is trusted before the archive's manifest confirms it.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { openSource } from "../../src/ctl/transfer/archive/import.ts";
import { CASE_STEP, test } from "../harness.ts";
import {
  type Entry,
  manifestEntry,
  runEntry,
  runPath,
  tarFile,
  topicEntry,
} from "../ctl/transfer/tar_file.ts";

interface Content {
  documents: string[];
  bytes: number;
  warnings: string[];
}

/** Reads an archive as `import` does, into a topic with that many partitions. */
async function readArchive(archive: Uint8Array, partitions = 1): Promise<Content> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-archive-"));
  const path = join(folder, "t.tar");
  const content: Content = { documents: [], bytes: 0, warnings: [] };
  try {
    writeFileSync(path, archive);
    await using source = await openSource({
      options: { file: path },
      topicName: "t",
      console: { log: { warn: (text: string) => content.warnings.push(text) } } as never,
      signal: new AbortController().signal,
    });
    await source.check?.(partitions);
    for await (const { document, data } of source.events(partitions)) {
      content.documents.push(document);
      if (data instanceof Uint8Array) content.bytes += data.length;
    }
    return content;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const RUN = runEntry(0, 0, 2);
const WHOLE = [topicEntry(), RUN];

/** The entries with a manifest that covers all of them. */
function covered(entries: readonly Entry[], events = 2, data_bytes = 0): Entry[] {
  return [...entries, manifestEntry(entries, { events, data_bytes })];
}

test("a complete archive is read, compressed or not", async () => {
  const data = { name: `${runPath(0, 9)}.data`, content: "xyzxyz" };
  const archive = tarFile(covered([...WHOLE, runEntry(0, 9, 2, 3), data], 4, 6));
  for (const bytes of [archive, gzipSync(archive)]) {
    const { documents, bytes: dataBytes, warnings } = await readArchive(bytes);
    assertEquals([documents, dataBytes, warnings], [['{"n":0}', '{"n":1}', '{"n":9}', '{"n":10}'], 6, []]);
  }
});

test("unknown entries are reported and skipped", async () => {
  const entries = covered(WHOLE);
  entries.splice(
    1,
    0,
    { name: "README", content: "hello" },
    { name: "events/", type: "5" },
    { name: "events/0/1.jsonl", content: "not ours" },
  );
  const { documents, warnings } = await readArchive(tarFile(entries));
  assertEquals(documents.length, 2);
  for (const name of ["README", "events/", "events/0/1.jsonl"]) {
    assertEquals(warnings.filter((text) => text.startsWith(`Entry "${name}" of `)).length, 1, name);
  }
  const many = Array.from({ length: 100 }, (_, n) => ({ name: `${n}`, content: "" }));
  const crowded = await readArchive(
    tarFile([topicEntry(), ...many, ...covered([RUN]).slice(0, 1), covered(WHOLE)[2]]),
  );
  assertEquals(crowded.warnings.length, 11);
});

const REFUSED: [what: string, entry: Entry, reason: string][] = [
  [
    "leads out of the archive",
    { name: "../../etc/passwd" },
    'entry "../../etc/passwd" is refused: its name leads out',
  ],
  [
    "leads out by its prefix",
    { name: "x", prefix: "events/../.." },
    'entry "events/../../x" is refused: its name leads',
  ],
  [
    "leads out on Windows",
    { name: "events\\..\\x" },
    'entry "events\\\\..\\\\x" is refused: its name leads out',
  ],
  [
    "has an absolute name",
    { name: "/etc/passwd" },
    'entry "/etc/passwd" is refused: its name is an absolute path',
  ],
  ["has a drive", { name: "C:/x" }, 'entry "C:/x" is refused: its name is an absolute path'],
  ["has no name", { name: "" }, 'entry "" is refused'],
  ["has control characters", { name: "a\u001b[31m" }, 'entry "a\\u001b[31m" is refused'],
  ["is a symbolic link", { name: "events/x", type: "2" }, 'entry "events/x" is refused: it is a link'],
  ["is a hard link", { name: "events/x", type: "1" }, 'entry "events/x" is refused: it is a link'],
  ["is a device", { name: "d", type: "3" }, 'entry "d" is refused: it is of type "3"'],
  ["is a FIFO", { name: "d", type: "6" }, 'entry "d" is refused: it is of type "6"'],
  ["renames the next one", { name: "pax", type: "x" }, 'entry "pax" is refused: it is of type "x"'],
  [
    "has a long name",
    { name: "././@LongLink", type: "L" },
    'entry "././@LongLink" is refused: it is of type "L"',
  ],
  ["is in it twice", RUN, `entry "${RUN.name}" is in it twice`],
  ["is out of order", runEntry(0, 0, 1), `entry "${RUN.name}" is in it twice`],
  ["is of a partition that is not there", runEntry(7, 0, 1), "it is of partition 7, and the topic has 1"],
  ["has a size that is not a number", { name: "x", size: "zzzzzzzzzzz" }, 'entry "x" is refused: its size'],
  ["has a negative size", { name: "x", size: "-0000000001" }, 'entry "x" is refused: its size'],
  [
    "has a size of another format",
    { name: "x", size: "\x80\0\0\0\x7f\0\0\0\0\0\0\0" },
    'entry "x" is refused: its size',
  ],
  [
    "has metadata that no one has memory for",
    { name: `${runPath(0, 5)}.jsonl`, size: "77777777777" },
    "it has 8589934591 bytes, at most",
  ],
  [
    "is a folder with content",
    { name: "f/", type: "5", content: "x" },
    'entry "f/" is refused: it is a folder',
  ],
  [
    "has data that belongs to no event",
    { name: `${runPath(0, 5)}.data`, content: "x" },
    "has data that belongs to no event",
  ],
  ["is not an event", { name: `${runPath(0, 5)}.jsonl`, content: '{"metadata":1}\n' }, "line 1 of entry"],
  [
    "is not an event at its end",
    { name: `${runPath(0, 5)}.jsonl`, content: RUN.content + '{"id":7' },
    "has no end",
  ],
];

for (const [what, entry, reason] of REFUSED) {
  test(`an archive with an entry that ${what} is refused, naming it`, async () => {
    const entries = [...WHOLE, entry];
    const error = await assertRejects(() => readArchive(tarFile(covered(entries))), Error);
    assertStringIncludes(error.message, reason);
    assertEquals((error as { code?: string }).code, "ERR_CORRUPTED_LOG");
  });
}

test("an archive that contradicts its manifest is refused", async () => {
  const [topic, run, manifest] = covered(WHOLE);
  const extra = runEntry(0, 5, 1);
  const data = { name: `${runPath(0, 2)}.data`, content: "xy" };
  const cases: [Entry[], string][] = [
    [[topic, run], 'it has no "manifest.json"'],
    [[topic, run, extra, manifest], `entry "${extra.name}" is not in its "manifest.json"`],
    [[topic, manifest], `entry "${run.name}" is missing`],
    [[topic, runEntry(0, 0, 3), manifest], `checksum of "${run.name}" differs`],
    [[topicEntry(1, { name: "other" }), run, manifest], 'checksum of "topic.json" differs'],
    [[topic, run, manifest, extra], `entry "${extra.name}" comes after "manifest.json"`],
    [[topic, run, manifest, manifest], "is in it twice"],
    [covered(WHOLE, 3), 'it has 2 events and 0 bytes of data, and its "manifest.json" says 3 and 0'],
    [covered([topic, runEntry(0, 2, 1, 2), data], 1, 9), "says 1 and 9"],
    [covered([topic, runEntry(0, 2, 1, 3), data], 1, 3), "has 2 bytes, and its events say 3"],
    [covered([topic, runEntry(0, 2, 1, 2)], 1, 2), "is missing"],
    [[topic, run, { name: "manifest.json", content: "{" }], "Cannot continue reading"],
    [[topic, run, { name: "manifest.json", content: "null" }], "is not in its"],
    [[topic, run, { name: "manifest.json", content: '{"sha256":{"__proto__":1}}' }], "is not in its"],
  ];
  for (const [entries, reason] of cases) {
    const error = await assertRejects(() => readArchive(tarFile(entries)), Error);
    assertStringIncludes(error.message, reason);
  }
});

// Of two archives in one file the second one was left out, and the import succeeded.
test("what follows after the end of an archive is refused, unless it is padding", async () => {
  const archive = tarFile(covered(WHOLE));
  const padded = Buffer.concat([archive, new Uint8Array(10_240)]);
  for (const whole of [padded, gzipSync(padded)]) {
    assertEquals((await readArchive(whole)).documents.length, 2);
  }
  const twice = Buffer.concat([padded, archive]);
  const members = Buffer.concat([gzipSync(archive), gzipSync(archive)]);
  const far = Buffer.concat([archive, new Uint8Array(3 << 20), Buffer.of(1)]);
  for (const more of [twice, gzipSync(twice), members, far, Buffer.concat([archive, Buffer.from("more")])]) {
    const error = await assertRejects(() => readArchive(more), Error, "more follows after its end");
    assertEquals((error as { code?: string }).code, "ERR_CORRUPTED_LOG");
  }
});

test("an archive truncated anywhere is detected, compressed or not", async () => {
  const archive = tarFile(covered(WHOLE));
  for (let bytes = 0; bytes < archive.length - 1024; bytes += 100 * CASE_STEP) {
    await assertRejects(() => readArchive(archive.subarray(0, bytes)), Error, undefined, `${bytes} bytes`);
  }
  const compressed = gzipSync(archive);
  for (let bytes = 1; bytes < compressed.length; bytes += 7 * CASE_STEP) {
    await assertRejects(() => readArchive(compressed.subarray(0, bytes)), Error, undefined, `${bytes} bytes`);
  }
});

test("every flipped bit of an archive is detected", async () => {
  const archive = tarFile(covered(WHOLE));
  let passed = 0;
  for (let at = 0; at < archive.length; at += 13 * CASE_STEP) {
    const flipped = archive.slice();
    flipped[at] ^= 1 << at % 8;
    try {
      const { documents, warnings } = await readArchive(flipped);
      // The padding of a block belongs to no entry.
      assertEquals([documents, warnings], [['{"n":0}', '{"n":1}'], []]);
      assert(archive[at] === 0 || at % 512 >= 100, `byte ${at}`);
      passed++;
    } catch (error) {
      assert(error instanceof Error && error.message !== "", `byte ${at}`);
    }
  }
  assert(passed < archive.length / (13 * CASE_STEP) / 2, `${passed} flips passed`);
});

test("an incomplete topic document is refused", async () => {
  for (
    const [topic, reason] of [
      [topicEntry(1, { format: 3 }), "it has format 3, and this program reads up to 2"],
      [topicEntry(1, { options: [] }), "has no options"],
      [topicEntry(1, { validator: "default" }), 'has no validator with a "type"'],
      [topicEntry(1, { serializer: { type: 5 } }), 'has no serializer with a "type"'],
      [topicEntry(1, { metadata: "xml" }), 'its metadata is "xml"'],
      [{ name: "topic.json", content: "null" }, "it has format undefined"],
      [{ name: "topic.json", size: "77777777777" }, "it has 8589934591 bytes"],
      [RUN, 'it does not begin with "topic.json"'],
    ] as [Entry, string][]
  ) {
    const error = await assertRejects(() => readArchive(tarFile([topic, RUN])), Error);
    assertStringIncludes(error.message, reason);
  }
});

test("an unknown entry is skipped whether its checksum is in the manifest or not, and checked if it is", async () => {
  const note = { name: "NOTE", content: "made by another program" };
  const listed = covered([...WHOLE, note]);
  assertEquals((await readArchive(tarFile(listed))).documents.length, 2);
  const unlisted = [...WHOLE, note, manifestEntry(WHOLE, { events: 2, data_bytes: 0 })];
  assertEquals((await readArchive(tarFile(unlisted))).documents.length, 2);
  const changed = listed.map((entry) => entry.name === "NOTE" ? { ...note, content: "changed" } : entry);
  await assertRejects(() => readArchive(tarFile(changed)), Error, 'checksum of "NOTE" differs');
});
