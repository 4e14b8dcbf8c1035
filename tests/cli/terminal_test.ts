import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "../harness.ts";
import { ctl, pause, type Place, PROGRAM, PROGRAMS, run, start, until, withFolder } from "./program.ts";

const noTerminal = spawnSync("script", ["--version"]).status === 0
  ? false
  : "script (util-linux) is not installed";

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}

/** Runs a command line on a terminal and returns what it shows. */
async function shownBy(words: readonly string[]): Promise<string> {
  return (await run(["script", "-qec", quoted(words), "/dev/null"])).stdout;
}

async function withEvents(
  lines: string,
  use: (place: Place) => Promise<void>,
  ...options: string[]
): Promise<void> {
  await withFolder(async (place) => {
    await ctl(["topic", "create", "--name", "t", ...place.driver, ...options]);
    const { code, stderr } = await ctl(["produce", "t", "--format", "raw", ...place.driver], {
      input: lines,
    });
    assertEquals(code, 0, stderr);
    await use(place);
  });
}

test("consume --follow ends when its reader leaves, even while no events come", {
  skip: process.platform === "linux" ? false : "only Linux tells who reads a pipe",
}, async () => {
  await withEvents("first\nsecond\n", async ({ driver }) => {
    for (const [runtime, program] of Object.entries(PROGRAMS)) {
      const words = quoted([...program, "consume", "t", "--follow", ...driver]);
      // `head` has its line, and no further event arrives that the program could fail to write.
      const { code, stdout } = await run(["timeout", "300", "sh", "-c", `${words} | head -n 1`]);
      assertEquals([runtime, code, stdout], [runtime, 0, '"first"\n']);
    }
  });
});

test("a terminal shows control characters of stored text escaped; a pipe gets them unchanged", {
  skip: noTerminal,
}, async () => {
  const text = "\x1b]0;title\x07red \x1b[31m\x9b31m\u202eabc";
  await withEvents(`${text}\n`, async ({ driver }) => {
    const raw = [...PROGRAM, "consume", "t", "--format", "raw", ...driver];
    const shown = await shownBy(raw);
    assertStringIncludes(shown, "\\u001b]0;title\\u0007red \\u001b[31m\\u009b31m\\u202eabc");
    const template = await shownBy([
      ...PROGRAM,
      "consume",
      "t",
      "--template",
      "{metadata.x}{id} \x1b[2J",
      ...driver,
    ]);
    assert(!template.includes("\x1b[2J"), JSON.stringify(template));
    assertEquals((await run(raw)).stdout, `${text}\n`);
    const json = await ctl(["consume", "t", "--json", ...driver]);
    assertEquals(JSON.parse(json.stdout).metadata, text);
  });
});

test(
  "characters that reorder text are shown escaped in a topic's name",
  { skip: noTerminal },
  async () => {
    await withFolder(async ({ driver }) => {
      const name = "a\u202etxt.exe";
      const created = await ctl(["topic", "create", "--name", name, ...driver]);
      assertStringIncludes(created.stderr, "'a\\u202etxt.exe'");
      assertEquals((await ctl(["topic", "list", ...driver])).stdout, `${name}\n`);
      assertStringIncludes(await shownBy([...PROGRAM, "topic", "list", ...driver]), "a\\u202etxt.exe");
    });
  },
);

test("trim, delete and seek say what they would do before they ask", { skip: noTerminal }, async () => {
  await withEvents("1\n2\n3\n", async ({ driver }) => {
    await ctl(["consume", "t", "--name", "app", "--ack", "--max", "2", ...driver]);
    const answered = async (words: readonly string[], answer: string): Promise<string> => {
      const terminal = start(["script", "-qec", quoted([...PROGRAM, ...words, ...driver]), "/dev/null"], {
        keepInput: true,
      });
      await until("it asks", () => terminal.stdout().includes("[y/N]"));
      const asked = terminal.stdout();
      terminal.child.stdin!.write(`${answer}\n`);
      assertEquals((await terminal.ended).code, answer === "y" ? 0 : 1);
      return asked;
    };
    const lag = async (): Promise<unknown> =>
      JSON.parse((await ctl(["consumer", "lag", "t", "--name", "app", "--json", ...driver])).stdout).events;
    const seek = ["consumer", "seek", "t", "--name", "app", "--to", "earliest"];
    const asked = await answered(seek, "n");
    assertStringIncludes(asked, "would be at earliest, id 0, in partition 0: 2 events again, from id 2");
    assertStringIncludes(asked, 'Move consumer "app" of topic "t": 0 events skipped, 2 events again?');
    assertEquals(await lag(), 1);
    await answered(seek, "y");
    assertEquals(await lag(), 3);
    await ctl(["topic", "create", "u", "--topic.segment_bytes", "4096", ...driver]);
    await ctl(["produce", "u", "--batch-size", "10", ...driver], { input: "1234567890\n".repeat(2000) });
    assertStringIncludes(
      await answered(["topic", "trim", "u", "--before-id", "1500"], "n"),
      "Partition 0 would lose ids 0 to ",
    );
    assertStringIncludes(
      await answered(["consumer", "delete", "t", "--name", "app"], "n"),
      "is at id 0 in partition 0, 3 events to come",
    );
    assertStringIncludes(
      await answered(["topic", "delete", "t"], "n"),
      "with all its events: 3 events (",
    );
    // Without a terminal to ask on, a seek proceeds, and prints the previous position.
    const seen = await ctl(["consumer", "seek", "t", "--name", "app", "--to", "1h", ...driver]);
    assertEquals(seen.code, 0, seen.stderr);
    assertStringIncludes(seen.stderr, "from id 0");
  });
});

test("a time range is printed, each line by the template", async () => {
  await withEvents("0\n1\n2\n", async ({ driver }) => {
    await pause(30);
    const between = Date.now();
    await pause(30);
    await ctl(["produce", "t", ...driver], { input: '{"user": {"name": "Ann"}}\n' });
    const consume = (...words: string[]) => ctl(["consume", "t", ...words, ...driver]);
    const template = ["--template", "{topic}/{partition}/{id}\\t{metadata.user.name}|{size}{{}}"];
    assertEquals(
      (await consume("--until", `@${between}`, ...template)).stdout,
      "t/0/0\t|0{}\nt/0/1\t|0{}\nt/0/2\t|0{}\n",
    );
    assertEquals((await consume("--from", `@${between}`, ...template)).stdout, "t/0/3\tAnn|0{}\n");
    // When the time comes, the follower ends, having printed what was stored before it.
    const soon = await consume("--follow", "--until", `@${Date.now() + 2500}`, "--template", "{id}");
    assertEquals([soon.code, soon.stdout], [0, "0\n1\n2\n3\n"]);
    assertEquals((await consume("--template", "{x}", "--max", "0")).code, 2);
    assertEquals((await consume("--template", "{id}", "--json")).code, 2);
  });
});

test("data parts of several partitions do not overwrite each other", async () => {
  await withFolder(async ({ folder, driver }) => {
    await ctl(["topic", "create", "--name", "t", "--topic.num_partitions", "2", ...driver]);
    for (const partition of ["0", "1"]) {
      const words = ["--metadata", "{}", "--data", "-", "--partition", partition];
      await ctl(["produce", "t", ...words, ...driver], { input: `part ${partition}` });
    }
    const consume = (...words: string[]) => ctl(["consume", "t", ...words, ...driver]);
    const refused = await consume("--data", `${folder}/out/{id}.bin`);
    assertEquals([refused.code, refused.stdout], [2, ""]);
    assertStringIncludes(refused.stderr, "add {partition}");
    await consume("--data", `${folder}/out/{partition}-{id}.bin`);
    assertEquals(readdirSync(`${folder}/out`).sort(), ["0-0.bin", "1-0.bin"]);
    assertEquals((await consume("--data", `${folder}/out/{id}.bin`, "--partition", "1")).code, 0);
  });
});

test("a byte order mark before lines, options and patterns is ignored", async () => {
  await withFolder(async ({ folder, root }) => {
    writeFileSync(`${folder}/driver.json`, `\ufeff${JSON.stringify({ root_path: root })}`);
    writeFileSync(`${folder}/filter.json`, '\ufeff{"x": [1]}');
    const driver = ["--driver", "files", "--driver-config", `${folder}/driver.json`];
    await ctl(["topic", "create", "--name", "t", ...driver]);
    const produced = await ctl(["produce", "t", ...driver], { input: '\ufeff{"x": 1}\n{"x": 2}\n' });
    assertEquals(produced.code, 0, produced.stderr);
    const found = await ctl(["consume", "t", "--filter", `@${folder}/filter.json`, ...driver]);
    assertEquals(found.stdout, '{"x": 1}\n');
    writeFileSync(
      `${folder}/lines.jsonl`,
      '\ufeff{"partition": 1, "metadata": 1}\n{"partition": 2, "metadata": 2}',
    );
    const imported = await ctl([
      "import",
      "--from",
      "jsonl",
      "--from.file",
      `${folder}/lines.jsonl`,
      "u",
      ...driver,
    ]);
    assertEquals(imported.code, 0, imported.stderr);
    assertEquals((await ctl(["consume", "u", "--partition", "2", ...driver])).stdout, "2\n");
  });
});
