import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness.ts";
import { ctl, pause, type Place, startCtl, until, withFolder } from "./program.ts";

async function withTopic(
  use: (place: Place & { consume: Call; produce: Call }) => Promise<void>,
  ...options: string[]
): Promise<void> {
  await withFolder(async (place) => {
    const created = await ctl(["topic", "create", "--name", "t", ...place.driver, ...options]);
    assertEquals(created.code, 0, created.stderr);
    const consume: Call = (words = []) => ctl(["consume", "t", ...place.driver, ...words]);
    const produce: Call = (words = [], input = "") =>
      ctl(["produce", "t", ...place.driver, ...words], { input });
    await use({ ...place, consume, produce });
  });
}

type Call = (words?: string[], input?: string | Uint8Array) => ReturnType<typeof ctl>;

test("lines are read back unchanged", async () => {
  await withTopic(async ({ produce, consume }) => {
    const lines = [
      '{"b": 1, "a": 12345678901234567890}',
      "1.50",
      "-0.0",
      '"é\\u0000\\"\\\\"',
      "null",
      "[]",
      '{ "x" :1e400}',
    ];
    assertEquals((await produce([], lines.join("\n"))).code, 0);
    assertEquals((await consume()).stdout, lines.join("\n") + "\n");
  });
});

test("a carriage return before a line feed belongs to the line's end, as Windows writes it", async () => {
  await withTopic(async ({ produce, consume }) => {
    await produce([], '{"a": 1}\r\n');
    await produce(["--format", "raw"], "one \r\n\r\ntwo\n");
    assertEquals((await consume()).stdout, '{"a": 1}\n"one "\n""\n"two"\n');
  });
});

test("blank lines and carriage returns between documents are not events", async () => {
  await withTopic(async ({ produce, consume }) => {
    await produce([], '{"a": 1}\r\n\n  \n{"a": 2}\r\n');
    assertEquals(
      (await consume()).stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line)),
      [
        { a: 1 },
        { a: 2 },
      ],
    );
  });
});

test("a bad line ends with its number, and the lines before it are stored", async () => {
  await withTopic(async ({ produce, consume }) => {
    const lines = Array.from({ length: 50_000 }, (_, id) => `{"id": ${id}}`);
    lines[40_000] = "{oops";
    const { code, stdout, stderr } = await produce([], lines.join("\n"));
    assertEquals([code, stdout], [1, ""]);
    assertStringIncludes(stderr, "Line 40001: ");
    assertEquals(stderr.split("\n").length, 2, stderr);
    assertEquals((await consume()).stdout, lines.slice(0, 40_000).join("\n") + "\n");
  });
});

test("a line that the topic's validator refuses is reported with its number, too", async () => {
  await withTopic(
    async ({ produce, consume }) => {
      const { code, stderr } = await produce([], '{"id": 1}\n{"id": "two"}\n{"id": 3}\n');
      assertEquals(code, 1);
      assertStringIncludes(stderr, "Line 2: ");
      assertEquals((await consume()).stdout, '{"id": 1}\n');
    },
    "--validator",
    "schema",
    "--validator.schema",
    '{"properties": {"id": {"type": "integer"}}}',
  );
});

test("--format raw takes any text, and prints it without quotes", async () => {
  await withTopic(async ({ produce, consume }) => {
    const text = 'say "hi" \\n\n\n  spaces  \n値 \u2028 é\t\0\n{"a": 1}\nlast without an end';
    assertEquals((await produce(["--format", "raw"], text)).code, 0);
    assertEquals((await consume(["--format", "raw"])).stdout, text + "\n");
    const documents = (await consume()).stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(documents, text.split("\n"));
  });
});

test("a line that is not text is refused, with advice", async () => {
  await withTopic(async ({ produce }) => {
    const { code, stderr } = await produce(["--format", "raw"], new Uint8Array([0x61, 0x0a, 0xff, 0x0a]));
    assertEquals(code, 1);
    assertStringIncludes(stderr, 'Line 2: it is not UTF-8; use "--format base64"');
  });
});

test("random bytes survive a round trip as base64 and hex", async () => {
  await withTopic(async ({ produce, consume }) => {
    const parts = [0, 1, 2, 3, 1000, 70_000].map((size) => randomBytes(size));
    const lines = parts.map((part) => part.toString("base64"));
    const produced = await produce(
      ["--format", "base64", "--metadata", '{"kind": "bytes"}'],
      lines.join("\n") + "\n",
    );
    assertEquals(produced.code, 0, produced.stderr);
    const out = (await consume(["--data", "base64"])).stdout.trimEnd().split("\n").map((line) =>
      line.split("\t")
    );
    assertEquals(out, lines.map((line) => ['{"kind": "bytes"}', line]));
    const hex = (await consume(["--data", "hex", "--json"])).stdout.trimEnd().split("\n").map((line) =>
      JSON.parse(line)
    );
    assertEquals(
      hex.map(({ data, data_size }) => [data, data_size]),
      parts.map((part) => [part.toString("hex"), part.length]),
    );
    const bad = await produce(["--format", "base64"], "AAAA\n!!!!\n");
    assertEquals(bad.code, 1);
    assertStringIncludes(bad.stderr, "Line 2: it is not base64");
  });
});

test("a file pushed as a data part is read back unchanged, by name and as bytes", async () => {
  await withTopic(async ({ folder, driver, produce, consume }) => {
    const bytes = randomBytes(5_000_000);
    writeFileSync(join(folder, "in.bin"), bytes);
    assertEquals((await produce(["--metadata", '{"n": 1}', "--data", join(folder, "in.bin")])).code, 0);
    assertEquals((await produce(["--metadata", '{"n": 2}', "--data", "-"], bytes)).code, 0);
    const printed = await consume(["--data", join(folder, "out", "{topic}-{partition}-{id}.bin")]);
    assertEquals(printed.stdout, '{"n": 1}\n{"n": 2}\n');
    for (const id of [0, 1]) assert(bytes.equals(readFileSync(join(folder, "out", `t-0-${id}.bin`))));
    await consume(["--data", join(folder, "both.bin")]);
    assert(Buffer.concat([bytes, bytes]).equals(readFileSync(join(folder, "both.bin"))));
    const raw = await ctl(["consume", "t", "--max", "1", "--data", "-", ...driver]);
    assert(bytes.equals(raw.bytes));
    const base64 = await consume(["--max", "1", "--data", "base64", "--json"]);
    assertEquals(JSON.parse(base64.stdout).data, bytes.toString("base64"));
  });
});

test("--json says where each event is", async () => {
  await withTopic(async ({ produce, consume }) => {
    const before = Date.now();
    await produce([], '{"a": 12345678901234567890}\n');
    const { stdout } = await consume(["--json"]);
    assertStringIncludes(stdout, '"metadata":{"a": 12345678901234567890}');
    const { partition, id, timestamp, data_size } = JSON.parse(stdout);
    assertEquals([partition, id, data_size], [0, 0, 0]);
    assert(timestamp >= before && timestamp <= Date.now());
  });
});

test("pretty-printed metadata is printed on one line", async () => {
  await withTopic(async ({ produce, consume }) => {
    await produce(["--metadata", '{\n  "a": "x\\ny",\r\n  "b": 2\n}']);
    const { stdout } = await consume();
    assertEquals(stdout.split("\n").length, 2);
    assertEquals(JSON.parse(stdout), { a: "x\ny", b: 2 });
  });
});

test("--from, --until and --max select a range", async () => {
  await withTopic(async ({ produce, consume }) => {
    await produce([], "0\n1\n2\n3\n4\n");
    await pause(30);
    const middle = Date.now();
    await pause(30);
    await produce([], "5\n6\n7\n8\n9\n");
    const numbers = async (...words: string[]) =>
      (await consume(words)).stdout.trimEnd().split("\n").join("");
    assertEquals(await numbers(), "0123456789");
    assertEquals(await numbers("--from", "earliest"), "0123456789");
    assertEquals(await numbers("--from", "latest"), "");
    assertEquals(await numbers("--from", "7"), "789");
    assertEquals(await numbers("--from", "-3"), "789");
    assertEquals(await numbers("--from=-100"), "0123456789");
    assertEquals(await numbers("--from", `@${middle}`), "56789");
    assertEquals(await numbers("--from", `@${new Date(middle).toISOString()}`), "56789");
    assertEquals(await numbers("--from", "@1h"), "0123456789");
    assertEquals(await numbers("--until", "3"), "012");
    assertEquals(await numbers("--until", "end"), "0123456789");
    assertEquals(await numbers("--until", "99"), "0123456789");
    assertEquals(await numbers("--from", "2", "--until", "5"), "234");
    assertEquals(await numbers("--max", "4"), "0123");
    assertEquals(await numbers("-n", "0"), "");
    assertEquals(await numbers("--from", "3", "-n", "2"), "34");
  });
});

test("--follow waits for new events and ends at --max or --until", async () => {
  await withTopic(async ({ driver, produce }) => {
    await produce([], "0\n1\n");
    const byMax = startCtl(["consume", "t", "-f", "--max", "4", ...driver]);
    const byId = startCtl(["consume", "t", "--follow", "--until", "3", ...driver]);
    await until(
      "the first events are printed",
      () => byMax.stdout() === "0\n1\n" && byId.stdout() === "0\n1\n",
    );
    await produce([], "2\n3\n4\n");
    assertEquals([(await byMax.ended).stdout, (await byMax.ended).code], ["0\n1\n2\n3\n", 0]);
    assertEquals([(await byId.ended).stdout, (await byId.ended).code], ["0\n1\n2\n", 0]);
  });
});

test("a follower whose name was deleted ends with the error: nothing that it acknowledges is stored", async () => {
  await withTopic(async ({ driver, produce }) => {
    await produce([], "0\n");
    const follower = startCtl(["consume", "t", "--follow", "--consumer", "app", "--ack", ...driver]);
    const listed = async () => (await ctl(["consumer", "list", "t", ...driver])).stdout;
    await until("it has acknowledged", async () => await listed() === "app\n");
    await ctl(["consumer", "delete", "t", "app", "--yes", ...driver]);
    await produce([], "1\n");
    const { code, stderr } = await follower.ended;
    assertEquals(code, 1);
    assertStringIncludes(stderr, "it was deleted");
  });
});

test("a consumer continues after its acknowledged position, and --from applies to new consumers only", async () => {
  await withTopic(async ({ produce, consume }) => {
    await produce([], "0\n1\n2\n3\n");
    assertEquals((await consume(["--name", "app", "--ack", "--max", "2"])).stdout, "0\n1\n");
    assertEquals((await consume(["--name", "app", "--max", "1"])).stdout, "2\n");
    assertEquals((await consume(["--name", "app", "--ack", "--from", "earliest"])).stdout, "2\n3\n");
    assertEquals((await consume(["--name", "app", "--ack", "--from", "-1"])).stdout, "");
    assertEquals((await consume(["--consumer", "other", "--from", "-1"])).stdout, "3\n");
  });
});

test("partitions can be chosen for produce and consume, and equal keys share one", async () => {
  await withTopic(
    async ({ produce, consume }) => {
      await produce(["--partition", "2"], "2\n2\n");
      await produce(["--partition", "0"], "0\n");
      assertEquals((await consume(["--partition", "2"])).stdout, "2\n2\n");
      assertEquals((await consume(["--partition", "0,1"])).stdout, "0\n");
      assertEquals((await consume(["--partition", "0", "--partition", "2", "--from", "1"])).stdout, "2\n");
      assertEquals((await produce(["--partition", "3"], "x\n")).code, 2);
      assertEquals((await consume(["--partition", "3"])).code, 2);
      await produce(["--key", "alice"], '"a"\n"b"\n"c"\n');
      await produce(["--key", "/user"], '{"user": "alice"}\n{"user": "bob"}\n{"user": "alice"}\n');
      const events = (await consume(["--json"])).stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
      const home = new Set(
        events.filter(({ metadata }) => "abc".includes(metadata) || metadata.user === "alice").map((e) =>
          e.partition
        ),
      );
      assertEquals(home.size, 1);
    },
    "--topic.num_partitions",
    "3",
  );
});

test("--filter prints what matches an EventBridge pattern", async () => {
  await withTopic(async ({ folder, produce, consume }) => {
    await produce([], '{"kind": "a", "x": 1}\n{"kind": "b", "x": 2}\n{"kind": "a", "x": 3}\n"text"\n');
    const pattern = '{"kind": ["a"], "x": [{"numeric": [">", 1]}]}';
    assertEquals((await consume(["--filter", pattern])).stdout, '{"kind": "a", "x": 3}\n');
    writeFileSync(join(folder, "pattern.json"), '{"x": [{"exists": true}]}');
    assertEquals(
      (await consume(["--filter", `@${join(folder, "pattern.json")}`, "--max", "2"])).stdout.split("\n")
        .length,
      3,
    );
    for (const wrong of ["{", '{"a": [{"numeric": ["!", 1]}]}', "@/nowhere"]) {
      const { code, stderr } = await consume(["--filter", wrong]);
      assertEquals([code, stderr.split("\n").length], [2, 2], stderr);
    }
  });
});

test("produce stores what it has read when it is interrupted or its input is idle", async () => {
  await withTopic(async ({ driver, consume }) => {
    const running = startCtl(["produce", "t", ...driver]);
    running.child.stdin!.destroy();
    assertEquals((await running.ended).code, 0);
    const words = ["produce", "t", ...driver];
    const open = startCtl(words, { keepInput: true });
    open.child.stdin!.write("1\n2\n3");
    await until("an idle line is stored", async () => (await consume()).stdout === "1\n2\n");
    open.signal("SIGTERM");
    assertEquals((await open.ended).code, 130);
    assertEquals((await consume()).stdout, "1\n2\n3\n");
  });
});

test("consume --from an id that is past the end says so, and prints nothing", async () => {
  await withTopic(async ({ consume, produce }) => {
    const from = async (id: string) => {
      const { code, stdout, stderr } = await consume(["--from", id]);
      return [code, stdout, stderr.replace(/^.*\[warn\] /, "").trim()];
    };
    const warning = 'Topic "t" has no event with id 9 yet';
    assertEquals(await from("9"), [0, "", `${warning} (it is empty): starting at its end`]);
    await produce([], "1\n2\n");
    assertEquals(await from("9"), [0, "", `${warning} (its ids are below 2): starting at its end`]);
    assertEquals(await from("2"), [0, "", ""]);
    assertEquals(await from("1"), [0, "2\n", ""]);
  });
});
