// What people do daily with other tools should be as short here.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { test } from "../harness.ts";
import { ctl, ctlProcess, PROGRAM, start, startCtl, until, withFolder } from "./program.ts";

test("consumer lag shows every consumer of every topic with totals, and refreshes", async () => {
  await withFolder(async ({ root, driver }) => {
    for (const topic of ["a", "b"]) {
      await ctl(["topic", "create", "--name", topic, "--topic.num_partitions", "2", ...driver]);
      await ctl(["produce", topic, ...driver], { input: "1\n2\n3\n4\n" });
    }
    await ctl(["consumer", "seek", "a", "--name", "app", "--to", "earliest", ...driver]);
    await ctl(["consumer", "seek", "b", "--name", "app", "--to", "latest", ...driver]);
    await ctl(["consumer", "seek", "b", "--name", "other", "--to", "-1", ...driver]);
    const all = await ctl(["consumer", "lag", "--store", root]);
    assertEquals(all.code, 0, all.stderr);
    const rows = all.stdout.trimEnd().split("\n").map((line) => line.split(/\s+/).slice(0, 3).join(" "));
    assertEquals(rows, [
      "topic consumer events",
      "a app 4",
      "b app 0",
      "b other 2",
      "all 6 " + rows[4].split(" ")[2],
    ]);
    const json = (await ctl(["consumer", "lag", "--consumer", "app", "--json", "--store", root])).stdout;
    const lines = json.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(lines.map(({ topic, name, events }) => [topic, name, events]), [["a", "app", 4], [
      "b",
      "app",
      0,
    ]]);
    const one = (await ctl(["consumer", "lag", "a", "--store", root])).stdout.trimEnd().split("\n");
    assertEquals(one.length, 4);
    assertStringIncludes(one[3], "all");
    const watch = startCtl(["consumer", "lag", "a", "--json", "--interval", "0.2", "--store", root]);
    await until("it is shown", () => watch.stdout().includes('"events":4'));
    await ctl(["consumer", "seek", "a", "--name", "app", "--to", "latest", ...driver]);
    await until("it changes", () => watch.stdout().includes('"events":0'));
    watch.signal("SIGINT");
    assertEquals((await watch.ended).code, 130);
    assertEquals((await ctl(["consumer", "lag", "--interval", "0", "--store", root])).code, 2);
  });
});

test("JSON over several lines is refused with the remedy", async () => {
  await withFolder(async ({ root, driver }) => {
    await ctl(["topic", "create", "--name", "t", ...driver]);
    const begun = ['{"x": [\n1\n]}\n', '{"x": 1,\n "y": 2}\n', '{"x": \r\n1}\r\n'];
    for (const input of ['{\n  "x": 1\n}\n', "[\n1]\n", '{"a": 1}\n  {\n', ...begun]) {
      const { code, stderr } = await ctl(["produce", "t", "--store", root], { input });
      assertEquals(code, 1, input);
      assertStringIncludes(stderr, "jq -c");
    }
  });
});

const noTerminal = spawnSync("script", ["--version"]).status === 0
  ? false
  : "script (util-linux) is not installed";

test("produce on a terminal says how to end the input", { skip: noTerminal }, async () => {
  await withFolder(async ({ root, driver }) => {
    await ctl(["topic", "create", "--name", "t", ...driver]);
    const line = [...PROGRAM, "produce", "t", "--store", root].map((word) => `'${word}'`).join(" ");
    const terminal = start(["script", "-qec", line, "/dev/null"], { keepInput: true });
    await until("it says how", () => terminal.stdout().includes("Ctrl+D on an empty line ends the input"));
    terminal.child.stdin!.write("1\n2\n\x04");
    const { code, stdout } = await terminal.ended;
    assertEquals(code, 0, stdout);
    assertStringIncludes(stdout, "Pushed 2 events");
  });
});

test("bench takes the short options of the C++ programs", async () => {
  await withFolder(async ({ folder, root, driver }) => {
    await ctl(["topic", "create", "--name", "t", ...driver]);
    writeFileSync(`${folder}/driver.json`, JSON.stringify({ root_path: root }));
    const { code, stderr } = await ctlProcess(
      ["bench", "produce", "-d", "files", "-c", `${folder}/driver.json`, "-t", "t", "-n", "50", "-p", "2"],
    );
    assertEquals(code, 0, stderr);
    const { stdout } = await ctl(["topic", "describe", "t", "--json", ...driver]);
    assert(JSON.parse(stdout).events >= 50, stdout);
  });
});
