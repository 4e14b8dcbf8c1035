import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "../harness.ts";
import { ctl, type Outcome, type Place, run, withFolder } from "./program.ts";

/** A separate file of contexts, and a store with topic "t"; `callThere` starts the program in its folder. */
async function withContexts(
  use: (place: Place & { call: Call; callThere: Call; file: string }) => Promise<void>,
): Promise<void> {
  await withFolder(async (place) => {
    const environment = { XDG_CONFIG_HOME: join(place.folder, "config") };
    const call: Call = (words, more = {}) => ctl(words, { environment: { ...environment, ...more } });
    const callThere: Call = (words, more = {}) =>
      ctl(words, { environment: { ...environment, ...more }, folder: place.folder });
    assertEquals((await ctl(["topic", "create", "--name", "t", ...place.driver])).code, 0);
    await use({
      ...place,
      call,
      callThere,
      file: join(place.folder, "config", "diaspora-ctl", "contexts.json"),
    });
  });
}

type Call = (words: readonly string[], environment?: Record<string, string>) => Promise<Outcome>;

async function succeeds(outcome: Promise<Outcome>): Promise<string> {
  const { code, stdout, stderr } = await outcome;
  assertEquals(code, 0, stderr);
  return stdout;
}

test("with a context, only the command has to be typed", async () => {
  await withContexts(async ({ root, call }) => {
    await succeeds(call(["context", "add", "dev", "--store", root]));
    assertEquals(await succeeds(call(["topic", "ls", "--context", "dev"])), "t\n");
    assertEquals(await succeeds(call(["topic", "list"], { DIASPORA_CONTEXT: "dev" })), "t\n");
    assertEquals((await call(["topic", "list"])).code, 2);
    await succeeds(call(["context", "use", "dev"]));
    assertEquals(await succeeds(call(["topic", "list"])), "t\n");
    const [listed] = (await succeeds(call(["context", "list", "--json"]))).trimEnd().split("\n");
    assertEquals(JSON.parse(listed), { name: "dev", current: true, driver: "files", place: root });
    await succeeds(call(["context", "use", "--none"]));
    assertEquals((await call(["topic", "list"])).code, 2);
    await succeeds(call(["context", "use", "dev"]));
    await succeeds(call(["context", "remove", "dev", "--yes"]));
    assertEquals(await succeeds(call(["context", "list"])), "");
    assertEquals((await call(["topic", "list"])).code, 2);
  });
});

test("the command line wins over the environment, that over the context", async () => {
  await withContexts(async ({ folder, root, call }) => {
    for (const name of ["line", "variable", "context"]) {
      await succeeds(call(["topic", "create", name, "--store", join(folder, name)]));
      await succeeds(call(["context", "add", name, "--store", join(folder, name)]));
    }
    await succeeds(call(["context", "use", "context"]));
    const driver = {
      DIASPORA_DRIVER: "files",
      DIASPORA_DRIVER_CONFIG: `{"root_path": "${folder}/variable"}`,
    };
    const options = { DIASPORA_CTL_DRIVER_OPTIONS: `--store '${folder}/variable'` };
    assertEquals(await succeeds(call(["topic", "list"])), "context\n");
    for (const environment of [driver, options, { DIASPORA_CONTEXT: "variable" }]) {
      assertEquals(await succeeds(call(["topic", "list"], environment)), "variable\n");
      for (
        const words of [
          ["--store", join(folder, "line")],
          [`--store=${join(folder, "line")}`],
          ["--context", "line"],
          ["--driver", "files", "--driver.root_path", join(folder, "line")],
        ]
      ) {
        assertEquals(
          await succeeds(call(["topic", "list", ...words], environment)),
          "line\n",
          words.join(" "),
        );
      }
    }
    // Options on the command line are merged over the context's, unless they are for another driver.
    assertEquals(await succeeds(call(["topic", "list", "--driver.root_path", root])), "t\n");
    assertEquals(await succeeds(call(["topic", "list", "--driver", "memory"], options)), "");
  });
});

test("contradictory options and unknown names are refused with a remedy", async () => {
  await withContexts(async ({ root, call }) => {
    await succeeds(call(["context", "add", "dev", "--store", root]));
    const cases: [string[], string][] = [
      [["topic", "list", "--context", "dve"], 'Unknown context "dve": did you mean "dev"?'],
      [["context", "use", "prod"], 'Unknown context "prod"'],
      [["context", "show", "prod"], 'Unknown context "prod"'],
      [["context", "remove", "prod", "--yes"], 'Unknown context "prod"'],
      [["context", "add", "dev", "--store", root], '"--replace"'],
      [["context", "add", "bad\u001bname", "--store", root], "expected letters"],
      [["context", "add", "x"], 'add "--store PATH" or "--driver NAME"'],
      [["topic", "list", "--store", root, "--context", "dev"], "exclude each other"],
      [["topic", "list", "--store", root, "--driver", "memory"], 'leave out "--driver memory"'],
      [["topic", "list", "--store", root, "--driver.root_path", "/other"], "Two stores are named"],
      [["topic", "list", "--context", "dev", "--driver", "memory"], 'leave out "--driver memory"'],
      [["topic", "list", "--store", ""], '"--store" is empty'],
    ];
    for (const [words, part] of cases) {
      const { code, stderr } = await call(words);
      assertEquals(code, 2, `${words.join(" ")}: ${stderr}`);
      assertStringIncludes(stderr, part);
    }
    await succeeds(call(["context", "add", "dev", "--store", root, "--replace"]));
  });
});

test("a context is readable by its user alone, and shown without its secrets", async () => {
  await withContexts(async ({ call, file }) => {
    const options = [
      "--driver.kafka.bootstrap.servers",
      "broker:9092",
      "--driver.kafka.sasl.password",
      "hunter2",
    ];
    await succeeds(call(["context", "add", "prod", "--driver", "kafka", ...options, "--use"]));
    assertStringIncludes(readFileSync(file, "utf8"), "hunter2");
    if (process.platform !== "win32") assertEquals(statSync(file).mode & 0o777, 0o600);
    for (const words of [["show"], ["show", "--json"], ["list"], ["list", "--json"], ["show", "prod"]]) {
      const { code, stdout, stderr } = await call(["context", ...words]);
      assertEquals(code, 0, stderr);
      assert(!`${stdout}${stderr}`.includes("hunter2"), words.join(" "));
      assertStringIncludes(stdout, "broker:9092");
    }
  });
});

test("a relative store path in a context means the same folder from everywhere", async () => {
  await withContexts(async ({ folder, callThere }) => {
    await succeeds(callThere(["context", "add", "here", "--store", "./store", "--use"]));
    mkdirSync(join(folder, "elsewhere"));
    const environment = { XDG_CONFIG_HOME: join(folder, "config") };
    const there = await ctl(["topic", "list"], { environment, folder: join(folder, "elsewhere") });
    assertEquals(there.stdout, "t\n");
  });
});

test("a context that every later command would refuse is not saved", async () => {
  await withContexts(async ({ call, file }) => {
    const cases: [string[], number, string][] = [
      [["--driver", "files", "--store", "~/data"], 2, 'no "~/" at its start'],
      [["--driver", "files", "--driver.rootpath", "/data"], 2, 'did you mean "root_path"?'],
      [["--driver", "files", "--driver.max_partitions", "many"], 2, "expected a whole number"],
      [["--driver", "memory", "--driver.root_path", "/data"], 2, "it is unknown"],
      [["--driver", "fils"], 2, "known drivers are"],
      [["--driver", "mine:./nowhere.ts"], 1, "no such file"],
      [["--driver", "files", "--driver.load_modules", "https://example.com/x.ts"], 2, "expected a path"],
    ];
    for (const [words, expected, part] of cases) {
      const { code, stderr } = await call(["context", "add", "bad", ...words]);
      assertEquals(code, expected, `${words.join(" ")}: ${stderr}`);
      assertStringIncludes(stderr, part);
    }
    assert(!existsSync(file));
  });
});

test("modules allowed by a context are the same files from everywhere", async () => {
  await withContexts(async ({ folder, callThere, file }) => {
    const modules = ["--driver.load_modules", '["./components/", "./energy.ts", "a-package"]'];
    await succeeds(callThere(["context", "add", "here", "--store", "./store", ...modules]));
    const { options } = JSON.parse(readFileSync(file, "utf8")).contexts.here;
    assertEquals(options.load_modules, [`${folder}/components/`, `${folder}/energy.ts`, "a-package"]);
    await succeeds(
      callThere(["context", "add", "none", "--store", "./store", "--driver.load_modules", "null"]),
    );
  });
});

test("contexts added concurrently by several processes are all kept", async () => {
  await withContexts(async ({ root, call, callThere }) => {
    const names = ["a", "b", "c", "d"];
    await Promise.all(names.map((name) => succeeds(callThere(["context", "add", name, "--store", root]))));
    const listed = (await succeeds(call(["context", "list", "--json"]))).trimEnd().split("\n");
    assertEquals(listed.map((line) => JSON.parse(line).name), names);
  });
});

test("a malformed file of contexts is reported, and does not affect commands that name their driver", async () => {
  await withContexts(async ({ call, file, root }) => {
    mkdirSync(join(file, ".."), { recursive: true });
    for (const text of ["{", "[]", '{"contexts": 1}', '{"current": "a", "contexts": {"a": {"driver": 1}}}']) {
      writeFileSync(file, text);
      const { code, stderr } = await call(["topic", "list"]);
      assertEquals(code, 2, text);
      assertStringIncludes(stderr, file);
      assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
      assertEquals(await succeeds(call(["topic", "list", "--store", root])), "t\n");
    }
  });
});

test("a mistyped path is distinguished from an empty store, and a default path is logged", async () => {
  await withContexts(async ({ folder, call, callThere }) => {
    mkdirSync(join(folder, "empty"));
    assertEquals(await succeeds(callThere(["topic", "list", "--store", "empty"])), "");
    const mistyped = join(folder, "emtpy");
    for (
      const words of [["topic", "list"], ["verify"], ["ui", "--port", "0"], ["consume", "t"], [
        "consumer",
        "lag",
        "t",
      ]]
    ) {
      const { code, stdout, stderr } = await call([...words, "--store", mistyped]);
      assertEquals([code, stdout], [4, ""], stderr);
      assertStringIncludes(stderr, mistyped);
      assertStringIncludes(stderr, "no such folder");
    }
    assertStringIncludes((await callThere(["topic", "list", "--store", "emtpy"])).stderr, mistyped);
    assert(!existsSync(mistyped));
    assertEquals((await call(["topic", "delete", "t", "--if-exists", "--store", mistyped, "--yes"])).code, 0);
    const unset = await callThere(["topic", "create", "u", "--driver", "files"]);
    assertEquals(unset.code, 0);
    assertStringIncludes(unset.stderr, `using "${join(folder, "diaspora_data")}"`);
  });
});

test("completion offers existing names, and executes none of them", async () => {
  await withContexts(async ({ folder, root, call }) => {
    const name = "t $(touch pwned) `touch pwned`";
    await succeeds(call(["topic", "create", name, "--store", root]));
    await succeeds(call(["context", "add", "dev", "--store", root]));
    const complete = async (...words: string[]): Promise<string[]> =>
      (await succeeds(call(["__complete", ...words]))).split("\n").filter((line) => line !== "");
    assertEquals(await complete("topic", "consume", "--store", root), ["t", name]);
    assertEquals(await complete("topic", "consume", "--context", "dev", "--topic"), ["t", name]);
    assertEquals(await complete("context", "topic", "ls", "--context"), ["dev"]);
    await succeeds(call(["consumer", "seek", "t", "--name", "app", "--to", "latest", "--store", root]));
    assertEquals(await complete("consumer", "consumer", "lag", "t", "--store", root, "--name"), ["app"]);
    assertEquals(await complete("topic", "consume", "--store", join(folder, "nowhere")), []);
    assertEquals(await complete("topic", "nonsense"), []);
    const script = await succeeds(call(["completions", "bash"]));
    writeFileSync(join(folder, "completions"), script);
    const words = ["diaspora-ctl", "consume", "--store", root, ""].map((word) => `'${word}'`).join(" ");
    // The help that the program would print, without starting it.
    const source = `diaspora-ctl() { printf '%s\\n' 't' '${name}'; }; source completions; ` +
      `COMP_WORDS=(${words}); COMP_CWORD=4; _diaspora_ctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await run(["bash", "--norc", "-c", source], { folder });
    assertStringIncludes(stdout, "\nt\n");
    assertStringIncludes(stdout, "t\\ \\$\\(touch\\ pwned\\)");
    assert(!existsSync(join(folder, "pwned")));
  });
});
