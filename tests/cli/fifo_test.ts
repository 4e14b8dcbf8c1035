import { assert, assertEquals, assertGreater, assertLess, assertStringIncludes } from "@std/assert";
import {
  createReadStream,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "../harness.ts";
import { ctl, pause, type Place, run, type Running, start, startCtl, until, withFolder } from "./program.ts";

interface Daemon extends Place {
  daemon: Running;
  /** Writes a line to the control FIFO. */
  command(line: string): Promise<void>;
  /** Creates a FIFO for a producer and waits until it exists. */
  inlet(path: string, topic?: string, options?: string): Promise<void>;
  /** Stops the daemon and returns its exit code. */
  stop(): Promise<number | null>;
  /** Every event's metadata as lines. */
  stored(topic?: string, ...words: string[]): Promise<string>;
}

/** A shell, for real writers and readers. */
const sh = (line: string, ...words: string[]) => run(["sh", "-c", line, "sh", ...words]);

async function withDaemon(use: (daemon: Daemon) => Promise<void>): Promise<void> {
  await withFolder(async (place) => {
    await ctl(["topic", "create", "--name", "t", ...place.driver]);
    const control = join(place.folder, "run", "control");
    const daemon = startCtl(["fifo", "--control-file", control, ...place.driver]);
    try {
      await until(
        "the control FIFO is there",
        () => statSync(control, { throwIfNoEntry: false })?.isFIFO() === true,
      );
      const command = async (line: string) => void await sh('printf "%s\\n" "$2" > "$1"', control, line);
      await use({
        ...place,
        daemon,
        command,
        inlet: async (path, topic = "t", options = "") => {
          await command(`${path} -> ${topic} ${options}`);
          await until(
            `FIFO ${path} is there`,
            () => statSync(path, { throwIfNoEntry: false })?.isFIFO() === true,
          );
        },
        stop: async () => {
          daemon.signal("SIGTERM");
          const { code } = await daemon.ended;
          assert(!existsSync(control));
          return code;
        },
        stored: async (topic = "t", ...words) =>
          (await ctl(["consume", topic, ...words, ...place.driver])).stdout,
      });
    } finally {
      daemon.signal("SIGKILL");
      await daemon.ended;
    }
  });
}

test("lines of any text are stored while writers come and go", async () => {
  await withDaemon(async ({ folder, inlet, stop, stored }) => {
    const path = join(folder, "in");
    await inlet(path);
    const lines = [
      'say "hi"',
      "back\\slash \\n",
      "値 é \u{1F600}",
      "",
      "  spaces  ",
      '{"a": 1}',
      "tab\there",
    ];
    for (const line of lines) await sh('printf "%s\\n" "$2" > "$1"', path, line);
    assertEquals(await stop(), 0);
    assert(!existsSync(path));
    assertEquals(await stored("t", "--format", "raw"), lines.join("\n") + "\n");
  });
});

test("a last line without a newline is stored within 100 ms of idling", async () => {
  await withDaemon(async ({ folder, inlet, stored, driver }) => {
    const path = join(folder, "in");
    await inlet(path);
    const tookMs: number[] = [];
    for (let round = 0; round < 5; round++) {
      await sh("printf 'first\\nno line end' > \"$1\"", path);
      await until(
        "both lines are stored",
        async () => (await stored()).split('"no line end"').length === round + 2,
      );
      const { stdout } = await ctl(["consume", "t", "--json", ...driver]);
      const [first, last] = stdout.trimEnd().split("\n").slice(-2).map((line) => JSON.parse(line));
      assertEquals([first.metadata, last.metadata], ["first", "no line end"]);
      tookMs.push(last.timestamp - first.timestamp);
    }
    // A busy machine wakes up late, but not always.
    assertLess(Math.min(...tookMs), 1000);
    await sh("printf 'next\\n' > \"$1\"", path);
    await until("the next writer's line is stored", async () => (await stored()).includes('"next"'));
  });
});

test("format=json stores documents, and a line that is not JSON is logged and skipped", async () => {
  await withDaemon(async ({ folder, inlet, daemon, stop, stored }) => {
    const path = join(folder, "in");
    await inlet(path, "t", "(format=json, batch_size=2)");
    await sh("printf '%s\\n' '{\"a\": 1}' 'oops' '' '[2]' > \"$1\"", path);
    await until("the wrong line is logged", () => daemon.stderr().includes("line skipped"));
    assertEquals(await stop(), 0);
    assertEquals(await stored(), '{"a": 1}\n[2]\n');
  });
});

test("invalid commands are logged and skipped", async () => {
  await withDaemon(async ({ folder, inlet, command, daemon, stop, stored }) => {
    const path = join(folder, "in");
    writeFileSync(join(folder, "file"), "precious");
    await command("what is this");
    await command(`${path} -> nope`);
    await command(`${join(folder, "missing")} <- t`);
    await command(`${join(folder, "file")} <- t`);
    await command(`${join(folder, "file")} -> t`);
    await inlet(path, "t", "(batch_size=many)");
    await command(`${path} -> t`);
    await sh('echo works > "$1"', path);
    for (
      const part of [
        'command "what is this": expected "PATH -> TOPIC"',
        "no such topic under",
        "make it with mkfifo",
        "exists and is not a FIFO",
        'Option "batch_size" takes a whole number above 0, found "many"',
        "is in use",
      ]
    ) await until(`"${part}" is logged`, () => daemon.stderr().includes(part));
    assertEquals(await stop(), 0);
    assertEquals(readFileSync(join(folder, "file"), "utf8"), "precious");
    assertEquals(await stored(), '"works"\n');
  });
});

test("events are read from a FIFO as lines, raw or as JSON", async () => {
  await withDaemon(async ({ folder, command, driver, stop }) => {
    const documents = '"say \\"hi\\""\n{"a": 1}\n"値"\n';
    await ctl(["produce", "t", ...driver], { input: documents });
    const [bare, json] = [join(folder, "bare"), join(folder, "json")];
    await sh('mkfifo "$1" "$2"', bare, json);
    const readers = [bare, json].map((path) => start(["head", "-n", "3", path]));
    await command(`${bare} <- t`);
    await command(`${json} <- t (format=json)`);
    assertEquals((await readers[0].ended).stdout, 'say "hi"\n{"a": 1}\n値\n');
    assertEquals((await readers[1].ended).stdout, documents);
    assertEquals(await stop(), 0);
    assert(existsSync(bare), "the user's FIFO stays");
  });
});

test("ack=true acknowledges what was written, under the path or the given name", async () => {
  await withDaemon(async ({ folder, command, driver, stop }) => {
    await ctl(["produce", "t", ...driver], { input: "1\n2\n3\n" });
    const paths = ["plain", "path", "named"].map((name) => join(folder, name));
    await sh('mkfifo "$@"', ...paths);
    const readers = paths.map((path) => start(["head", "-n", "3", path]));
    await command(`${paths[0]} <- t`);
    await command(`${paths[1]} <- t (ack=true)`);
    await command(`${paths[2]} <- t (ack=true, name=app)`);
    for (const reader of readers) assertEquals((await reader.ended).stdout, "1\n2\n3\n");
    assertEquals(await stop(), 0);
    const { stdout } = await ctl(["consumer", "list", "t", ...driver]);
    assertEquals(stdout.trimEnd().split("\n").sort(), [paths[1], "app"].sort());
    assertEquals(
      JSON.parse((await ctl(["consumer", "lag", "t", "--name", "app", "--json", ...driver])).stdout).events,
      0,
    );
  });
});

function isLinkTo(link: string, path: string): boolean {
  try {
    return readlinkSync(link) === path;
  } catch {
    // It was closed meanwhile.
    return false;
  }
}

test("after a reader leaves in the middle of a line, the next one gets whole lines", async () => {
  await withDaemon(async ({ folder, command, driver, daemon }) => {
    const lines = Array.from({ length: 20_000 }, (_, id) => `${id} ${"x".repeat(id % 97)}`);
    await ctl(["produce", "t", "--format", "raw", ...driver], { input: lines.join("\n") });
    const path = join(folder, "out");
    await sh('mkfifo "$1"', path);
    const first = start(["head", "-n", "5", path]);
    await command(`${path} <- t`);
    assertEquals((await first.ended).stdout, lines.slice(0, 5).join("\n") + "\n");
    // What is in the pipe is lost when both its ends are closed; until then, the next reader would get it.
    const files = `/proc/${daemon.child.pid}/fd`;
    const isOpen = (): boolean => readdirSync(files).some((name) => isLinkTo(join(files, name), path));
    if (existsSync(files)) await until("the daemon has noticed", () => !isOpen());
    else await pause(300);
    const second = start(["sh", "-c", 'timeout 120 sed "/^19999 /q" "$1"', "sh", path]);
    const rest = (await second.ended).stdout.trimEnd().split("\n");
    assertGreater(rest.length, 100);
    const from = lines.indexOf(rest[0]);
    assertGreater(from, 0);
    assertEquals(rest, lines.slice(from));
  });
});

test("a stuck reader and a silent writer do not block others", async () => {
  await withDaemon(async ({ folder, inlet, command, driver, stop, stored }) => {
    for (const topic of ["big", "other"]) await ctl(["topic", "create", "--name", topic, ...driver]);
    const input = `${"x".repeat(1000)}\n`.repeat(2000);
    await ctl(["produce", "big", "--format", "raw", ...driver], { input });
    const stuck = Array.from({ length: 6 }, (_, index) => join(folder, `stuck${index}`));
    await sh('mkfifo "$@"', ...stuck);
    // Readers that never read, and writers that never write: more than a runtime has threads for files.
    const idle = stuck.map((path) => start(["sh", "-c", 'exec sleep 60 < "$1"', "sh", path]));
    for (const path of stuck) await command(`${path} <- big`);
    const silent = Array.from({ length: 6 }, (_, index) => join(folder, `silent${index}`));
    for (const path of silent) {
      await inlet(path, "other");
      idle.push(start(["sh", "-c", 'exec sleep 60 > "$1"', "sh", path]));
    }
    const path = join(folder, "in");
    await inlet(path);
    await sh('seq 1 1000 > "$1"', path);
    await until("the lines are stored", async () => (await stored()).trimEnd().split("\n").length === 1000);
    assertEquals(await stop(), 0);
    for (const program of idle) program.signal("SIGKILL");
    await Promise.all(idle.map(({ ended }) => ended));
  });
});

test("lines of a megabyte pass in both directions, between small ones", async () => {
  await withDaemon(async ({ folder, inlet, command }) => {
    const [path, out] = [join(folder, "in"), join(folder, "out")];
    const lines = Array.from({ length: 12 }, (_, id) => `${id}:${"äx".repeat(id % 3 === 0 ? 350_000 : 3)}`);
    writeFileSync(join(folder, "lines"), lines.join("\n") + "\n");
    await sh('mkfifo "$1"', out);
    const reader = start(["head", "-n", "12", out]);
    await command(`${out} <- t`);
    await inlet(path);
    await sh('cat "$2" > "$1"', path, join(folder, "lines"));
    const { stdout } = await reader.ended;
    assertEquals(stdout.length, lines.join("\n").length + 1);
    assert(stdout === lines.join("\n") + "\n");
  });
});

test("several writers on several FIFOs lose no line and split none", async () => {
  await withDaemon(async ({ folder, inlet, stop, stored }) => {
    const paths = ["a", "b", "c"].map((name) => join(folder, name));
    for (const path of paths) await inlet(path);
    await Promise.all(
      paths.map((path, index) =>
        sh(`for round in 1 2 3 4; do seq -f "${index}.$round.%g" 1 2000 > "$1"; done`, path)
      ),
    );
    assertEquals(await stop(), 0);
    const lines = (await stored("t", "--format", "raw")).trimEnd().split("\n");
    assertEquals(lines.length, 3 * 4 * 2000);
    for (const index of [0, 1, 2]) {
      const own = lines.filter((line) => line.startsWith(`${index}.`));
      assertEquals(
        own,
        [1, 2, 3, 4].flatMap((round) => Array.from({ length: 2000 }, (_, n) => `${index}.${round}.${n + 1}`)),
      );
    }
  });
});

test("a hundred thousand lines written to one FIFO are read from another unchanged", async () => {
  await withDaemon(async ({ folder, inlet, command }) => {
    const [path, out, file] = ["in", "out", "lines"].map((name) => join(folder, name));
    const text = Array.from({ length: 100_000 }, (_, id) =>
      `{"id":${id},"detector":"d7","tag":"${"x".repeat(50)}"}`)
      .join("\n") + "\n";
    writeFileSync(file, text);
    await sh('mkfifo "$1"', out);
    const reader = start(["head", "-n", "100000", out]);
    await command(`${out} <- t`);
    await inlet(path);
    await sh('cat "$2" > "$1"', path, file);
    assert((await reader.ended).stdout === text);
  });
});

test("a daemon takes over the control FIFO of a killed daemon, not of a running one", async () => {
  await withDaemon(async ({ folder, driver, daemon }) => {
    const control = join(folder, "run", "control");
    const second = await ctl(["fifo", "--control-file", control, ...driver]);
    assertEquals(second.code, 2);
    assertStringIncludes(second.stderr, "another process reads it");
    writeFileSync(join(folder, "file"), "");
    assertEquals((await ctl(["fifo", "--control-file", join(folder, "file"), ...driver])).code, 2);
    daemon.signal("SIGKILL");
    await daemon.ended;
    assert(existsSync(control));
    const third = startCtl(["fifo", "--control-file", control, ...driver]);
    await until("it is ready", () => third.stderr().includes("is ready"));
    third.signal("SIGINT");
    assertEquals((await third.ended).code, 0);
  });
});

test("the same command recreates a FIFO that was removed", async () => {
  await withDaemon(async ({ folder, inlet, stop, stored }) => {
    const path = join(folder, "in");
    await inlet(path);
    await sh('echo one > "$1"; rm "$1"', path);
    await inlet(path);
    await sh('echo two > "$1"', path);
    assertEquals(await stop(), 0);
    assertEquals(await stored(), '"one"\n"two"\n');
  });
});

test("SIGTERM ends after storing what was written, and a slow reader gets whole lines only", async () => {
  await withDaemon(async ({ folder, command, driver, stop }) => {
    const input = Array.from({ length: 5000 }, (_, id) => `${id}:${"x".repeat(3000)}`).join("\n");
    await ctl(["produce", "t", "--format", "raw", ...driver], { input });
    const path = join(folder, "out");
    await sh('mkfifo "$1"', path);
    const stream = createReadStream(path, { highWaterMark: 4096 });
    let text = "";
    const ended = (async () => {
      for await (const chunk of stream) {
        text += chunk;
        await pause(5);
      }
    })();
    await command(`${path} <- t`);
    await until("something is read", () => text.length > 20_000);
    assertEquals(await stop(), 0);
    await ended;
    assert(text.endsWith("x\n"));
    assertEquals(text, input.slice(0, text.length - 1) + "\n");
  });
});
