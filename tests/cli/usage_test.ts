import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { COMMANDS } from "../../src/ctl/table/mod.ts";
import { test } from "../harness.ts";
import { ctl, withFolder } from "./program.ts";

/** One line on standard error, with this message. */
function assertOneLine(stderr: string, part: string): void {
  assertStringIncludes(stderr, part);
  assertEquals(stderr.split("\n").length, 2, stderr);
}

test("--help, help and every command's --help print to standard output", async () => {
  for (const words of [["--help"], ["-h"], ["help"]]) {
    const { code, stdout, stderr } = await ctl(words);
    assertEquals([code, stderr], [0, ""]);
    for (const { path } of COMMANDS) assertStringIncludes(stdout, path.join(" "));
  }
  const { code, stdout } = await ctl(["topic", "--help"]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "topic create");
});

test("a command's help has its options and an example, with and without help before it", async () => {
  for (const { path, examples } of COMMANDS) {
    const { code, stdout, stderr } = await ctl([...path, "--help"]);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^Usage: diaspora-ctl /);
    assertStringIncludes(stdout, "--logging LEVEL");
    assertStringIncludes(stdout, examples[0].shell.split("\n")[0]);
  }
  assertEquals(
    (await ctl(["help", "topic", "create"])).stdout,
    (await ctl(["topic", "create", "-h"])).stdout,
  );
});

test("--version prints name and version", async () => {
  assertMatch((await ctl(["--version"])).stdout, /^diaspora-ctl \d+\.\d+\.\d+\n$/);
});

test("without a command the help goes to standard error and the exit code is 2", async () => {
  const { code, stdout, stderr } = await ctl([]);
  assertEquals([code, stdout], [2, ""]);
  assertStringIncludes(stderr, "Usage:");
});

test("unknown commands suggest the nearest name", async () => {
  for (
    const [words, part] of [
      [["topic", "creat"], 'Unknown command "topic creat": did you mean "topic create"?'],
      [["topci", "list"], 'did you mean "topic list"?'],
      [["lag"], 'Unknown command "lag": did you mean "consumer lag"?'],
      [["ls"], 'did you mean "topic list"?'],
      [["consum"], 'Unknown command "consum": did you mean "consume"?'],
      [["hlep"], 'Unknown command "hlep": did you mean "help"?'],
      [["completely-different"], 'see "diaspora-ctl --help"'],
      [["c"], '"consumer" needs a second word: list, lag, seek or delete'],
      [["context", "everything"], 'after "context" comes add, use, list, show or remove'],
    ] as const
  ) {
    const { code, stdout, stderr } = await ctl(words);
    assertEquals([code, stdout], [2, ""]);
    assertOneLine(stderr, part);
  }
});

test("wrong usage prints one line and exits with 2", async () => {
  await withFolder(async ({ folder, driver }) => {
    const config = join(folder, "driver.json");
    writeFileSync(config, '{\n  "root_path": \n}');
    for (
      const [words, part] of [
        [["topic", "list"], 'add "--driver NAME", or set DIASPORA_DRIVER'],
        [["topic", "create", ...driver], 'add "--name TOPIC"'],
        [["topic", "list", "--drivr", "files"], 'Unknown option "--drivr": did you mean "--driver"?'],
        [
          ["topic", "list", "--driver", "files", "--driver-config", "/nowhere.json"],
          'Cannot read "/nowhere.json"',
        ],
        [["topic", "list", "--driver", "files", "--driver-config", config], "line 3 column 1"],
        // Not that there is no store in the folder used without a path.
        [["topic", "list", "--driver", "files", "--driver.root_pat", folder], 'did you mean "root_path"?'],
        [["bench", "--driver", "memory", "--report", join(folder, "none", "r.html")], "no such folder"],
        [["topic", "list", "--driver", "nope"], 'Cannot open driver "nope"'],
        [["topic", "create", "--name", "a/b", ...driver], '"a/b"'],
        [["topic", "create", "--name", "a", ...driver, "--topic.num_partitions", "0"], '"num_partitions"'],
        [["topic", "create", "--name", "a", ...driver, "--topic.num_partitions", "many"], '"many"'],
        [["topic", "create", "--name", "a", ...driver, "--validator", "nope"], '"nope"'],
        [["topic", "create", "--name", "a", ...driver, "--validator", "x:./nowhere.ts"], "nowhere.ts"],
        [["topic", "create", "--name", "a", ...driver, "--validator.x", "1"], 'add "--validator NAME"'],
        [["consume", "t", "--ack", ...driver], '"--ack" needs a consumer name'],
        [["consume", "t", "--from", "x", ...driver], 'Option "--from" takes'],
        [["produce", "t", "--format", "xml", ...driver], "one of json, raw, base64"],
        [["produce", "t", "-m", "{'n': 1}", ...driver], "names and texts have double quotes"],
        [["consume", "t", "--filter", "{n: [1]}", ...driver], "names and texts have double quotes"],
        [["produce", "t", "-m", '{"n":', ...driver], 'document: the text ends at position 5 of "{\\"n\\":"'],
        [
          ["consume", "t", "--filter", "{n:1}", ...driver],
          '"--filter": unexpected "n" at position 1 of "{n:1}"',
        ],
        [["produce", "t", "--data-file", "f", ...driver], 'did you mean "--data"?'],
        [["topic", "edit", "t", "--retention", "0", ...driver], '"--topic.retention_seconds null" keeps'],
        [["--versoin"], 'did you mean "--version"?'],
        [["fifo", ...driver], 'add "--control-file PATH"'],
        [["forward"], 'add "--config FILE"'],
        [["completions", "tcsh"], 'Unknown shell "tcsh"'],
      ] as const
    ) {
      const { code, stdout, stderr } = await ctl(words);
      assertEquals([code, stdout], [2, ""], `${words.join(" ")}: ${stderr}`);
      assertOneLine(stderr, part);
    }
  });
});

test("a missing topic exits with 4, a failure with 1, each with one line", async () => {
  await withFolder(async ({ driver }) => {
    for (
      const words of [["consume", "t"], ["produce", "t"], ["topic", "describe", "t"], [
        "topic",
        "delete",
        "t",
        "--yes",
      ], ["consumer", "lag", "t"]]
    ) {
      const { code, stderr } = await ctl([...words, ...driver]);
      assertEquals(code, 4, words.join(" "));
      assertOneLine(stderr, 'topic "t"');
    }
    await ctl(["topic", "create", "--name", "t", ...driver]);
    const { code, stderr } = await ctl(["topic", "create", "--name", "t", ...driver]);
    assertEquals(code, 1);
    assertOneLine(stderr, "already exists");
  });
});

test("a store that cannot be looked at is not said to be missing", async () => {
  await withFolder(async ({ folder }) => {
    // Also a folder that another user has closed, which root would enter all the same.
    const loop = join(folder, "loop");
    symlinkSync(loop, loop);
    const { code, stderr } = await ctl(["topic", "list", "--store", loop]);
    assertEquals([code, stderr.includes("no such folder")], [1, false]);
    assertOneLine(stderr, "(ELOOP)");
  });
});

test("stack traces are printed with --logging trace only, and off prints nothing", async () => {
  await withFolder(async ({ driver }) => {
    const consume = ["consume", "t", ...driver];
    assertMatch((await ctl([...consume, "--logging", "trace"])).stderr, /\[trace\].*Error[^]*at /);
    assertEquals((await ctl([...consume, "--logging", "debug"])).stderr.includes(" at "), false);
    assertEquals((await ctl([...consume, "--logging", "off"])).stderr, "");
  });
});

test("log lines have time and level", async () => {
  await withFolder(async ({ driver }) => {
    const { stdout, stderr } = await ctl(["topic", "create", "--name", "t", ...driver]);
    assertEquals(stdout, "");
    assertMatch(
      stderr,
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] \[info\] Topic 't' created successfully\n$/,
    );
    const coloured = await ctl(["consume", "nope", "--color", ...driver]);
    assertStringIncludes(coloured.stderr, "[\x1b[31merror\x1b[39m]");
    const plain = await ctl(["consume", "nope", "--no-color", ...driver], {
      environment: { FORCE_COLOR: "1" },
    });
    assert(!plain.stderr.includes("\x1b"));
  });
});

test("the driver may come from the environment", async () => {
  await withFolder(async ({ folder, root, driver }) => {
    await ctl(["topic", "create", "--name", "t", ...driver]);
    const config = join(folder, "driver.json");
    writeFileSync(config, JSON.stringify({ root_path: root }));
    for (
      const environment of [
        { DIASPORA_DRIVER: "files", DIASPORA_DRIVER_CONFIG: config },
        { DIASPORA_DRIVER: "files", DIASPORA_DRIVER_CONFIG: JSON.stringify({ root_path: root }) },
        { DIASPORA_CTL_DRIVER_OPTIONS: `--driver files --driver.root_path '${root}'` },
      ]
    ) {
      assertEquals((await ctl(["topic", "list"], { environment })).stdout, "t\n");
    }
    const other = { DIASPORA_CTL_DRIVER_OPTIONS: "--driver files --driver.root_path /nowhere" };
    assertEquals(
      (await ctl(["topic", "list", "--driver.root_path", root], { environment: other })).stdout,
      "t\n",
    );
  });
});

test("one event is printed by its partition and id, by the short names of commands", async () => {
  await withFolder(async ({ root }) => {
    const store = ["--store", root];
    await ctl(["t", "create", "t", "-p", "2", ...store]);
    await ctl(["produce", "t", "-p", "1", ...store], { input: "1\n2\n3\n" });
    assertEquals((await ctl(["consume", "t", "-e", "1/2", ...store])).stdout, "3\n");
    assertEquals((await ctl(["consume", "t", "-t", "{m.n}{m}", ...store])).stdout, "1\n2\n3\n");
    assertOneLine((await ctl(["consume", "tt", ...store])).stderr, '; did you mean "t"?');
    const missing = await ctl(["consume", "t", "-e", "1/3", ...store]);
    assertEquals([missing.code, missing.stdout], [1, ""]);
    assertOneLine(missing.stderr, 'There is no event 3 in partition 1 of topic "t": its ids are 0 to 2');
    for (
      const [words, part] of [
        [["-e", "2"], 'topic "t" has 2: write PARTITION/ID, such as "0/2"'],
        [["-e", "1/x"], '"--event" takes PARTITION/ID, such as 0/15; found "1/x"'],
        [["-e", "1/1", "-F"], '"--event" and "--tail" exclude each other'],
        [["-e", "1/1", "--name", "app"], '"--event" and a consumer name exclude each other'],
      ] as const
    ) {
      const { code, stdout, stderr } = await ctl(["consume", "t", ...words, ...store]);
      assertEquals([code, stdout], [2, ""]);
      assertOneLine(stderr, part);
    }
  });
});

test("an error of the only event names no line, and that of the first line no lines before it", async () => {
  await withFolder(async ({ root }) => {
    const store = ["--store", root];
    await ctl([
      "t",
      "create",
      "t",
      "--validator",
      "schema",
      "--validator.schema",
      '{"type":"object"}',
      ...store,
    ]);
    const one = await ctl(["produce", "t", "-m", "1", ...store]);
    assertEquals([one.code, one.stderr.includes("Line")], [1, false], one.stderr);
    const first = await ctl(["produce", "t", ...store], { input: "1\n{}\n" });
    assertEquals([first.code, first.stderr.includes("before it")], [1, false], first.stderr);
    assertOneLine(first.stderr, "Line 1: ");
  });
});

test("with --json, errors and log lines are JSON as well, also of a command line that cannot be parsed", async () => {
  await withFolder(async ({ driver }) => {
    await ctl(["topic", "create", "t", ...driver]);
    for (
      const [words, exit, code, part] of [
        [["topic", "describe", "nope", ...driver], 4, "ERR_TOPIC_NOT_FOUND", 'Cannot open topic "nope"'],
        [["topic", "list", "--nope"], 2, undefined, 'Unknown option "--nope"'],
        [["topics"], 2, undefined, 'Unknown command "topics'],
        [["consume", "t", "--partition", "5", ...driver], 2, "ERR_NO_SUCH_PARTITION", "partition 5"],
      ] as const
    ) {
      const outcome = await ctl([...words, "--json"]);
      const { level, message, code: found } = JSON.parse(outcome.stderr);
      assertEquals([outcome.code, outcome.stdout, level, found], [exit, "", "error", code]);
      assertStringIncludes(message, part);
    }
    const verified = await ctl(["verify", "--json", ...driver]);
    assertEquals(JSON.parse(verified.stderr).level, "info");
  });
});

test("a size or an age with a unit is refused with the number to write", async () => {
  await withFolder(async ({ driver }) => {
    for (
      const [words, part] of [
        [["--topic.segment_bytes", "16MB"], "from 4096 to 2147483648: write 16000000 for it"],
        [["--topic.segment_bytes", "16MiB"], ": write 16777216 for it"],
        [["--topic.retention_seconds", "7d"], ": write 604800 for it"],
        [["--topic.retention_seconds", "1.5 hours"], ": write 5400 for it"],
        [["--topic.retention_bytes", "10x"], "expected a whole number, not negative\n"],
      ] as const
    ) {
      const { code, stderr } = await ctl(["topic", "create", "t", ...words, ...driver]);
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, part);
    }
  });
});

test("a file that cannot be read is named, with the option and the reason in words", async () => {
  await withFolder(async ({ folder, driver }) => {
    await ctl(["topic", "create", "t", ...driver]);
    const path = join(folder, "nowhere");
    for (
      const [option, ...words] of [
        ["--filter", "consume", "t", "--filter", `@${path}`],
        ["--data", "produce", "t", "--metadata", "1", "--data", path],
        ["--from.file", "import", "u", "--from", "jsonl", "--from.file", path],
        ["--from.file", "import", "u", "--from", "archive", "--from.file", path],
        ["--driver-config", "topic", "list", "--driver-config", path],
      ]
    ) {
      const { code, stderr } = await ctl([...words, ...driver]);
      assertEquals(code, 2, stderr);
      assertOneLine(stderr, `Cannot read "${path}" given by "${option}": no such file (ENOENT)`);
    }
    const forward = await ctl(["forward", "--config", path]);
    assertOneLine(forward.stderr, `Cannot read "${path}" given by "--config": no such file (ENOENT)`);
    const target = join(path, "file");
    const exported = await ctl(["export", "t", "--to", "jsonl", "--to.file", target, ...driver]);
    assertOneLine(
      exported.stderr,
      `Cannot write "${target}" given by "--to.file": no such folder "${dirname(target)}" (ENOENT)`,
    );
  });
});
