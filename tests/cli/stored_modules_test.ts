// A store and an archive from someone else name modules; no command runs them unless it is asked to. The
// compiled program tries every command, and the source some on every runtime: whether a command asks for a
// module does not depend on the runtime.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { Driver } from "../../mod.ts";
import { test } from "../harness.ts";
import { type Outcome, type Place, PROGRAMS, run, start, until, withFolder } from "./program.ts";

const isCompiled = process.env.DIASPORA_CTL !== undefined;

const KINDS = ["validator", "serializer", "partition-selector"] as const;

function moduleText(marker: string): string {
  return `
import { writeFileSync } from "node:fs";
writeFileSync(${JSON.stringify(marker)}, "it ran");
export class Part {
  validate() {}
  setPartitions() {}
  selectPartitionFor() { return 0; }
  serialize(metadata) { return new TextEncoder().encode("*" + JSON.stringify(metadata)); }
  deserialize(bytes) { return JSON.parse(new TextDecoder().decode(bytes).slice(1)); }
  config() { return { type: "Part" }; }
}
`;
}

interface Stranger extends Place {
  /** Runs the program. */
  ctl(words: readonly string[], options?: Parameters<typeof run>[1]): Promise<Outcome>;
  words: readonly string[];
  /** Folder of the modules. */
  modules: string;
  /** The kinds whose modules ran. */
  ran(): string[];
}

/** Makes a store with a topic "t" of three events. */
async function makeTopic(root: string): Promise<void> {
  await using driver = await Driver.open("files", { root_path: root });
  await driver.createTopic("t");
  await using topic = await driver.openTopic("t");
  await using producer = topic.producer();
  for (const n of [1, 2, 3]) void producer.push({ n });
  await producer.flush();
}

/** A store with a topic "t" of three events, whose documents name modules, as if it was downloaded. */
async function withStranger(
  words: readonly string[],
  typeOf: (kind: string, modules: string) => string,
  use: (stranger: Stranger) => Promise<void>,
): Promise<void> {
  await withFolder(async (place) => {
    const { folder, root } = place;
    const ctl: Stranger["ctl"] = (parameters, options) =>
      run([...words, ...parameters], { folder, ...options });
    const modules = join(folder, "modules");
    mkdirSync(modules);
    for (const kind of KINDS) {
      writeFileSync(join(modules, `${kind}.mjs`), moduleText(join(folder, `${kind} ran`)));
    }
    await makeTopic(root);
    for (const kind of KINDS) {
      writeFileSync(join(root, "t", `${kind}.json`), JSON.stringify({ type: typeOf(kind, modules) }));
    }
    const ran = () => KINDS.filter((kind) => existsSync(join(folder, `${kind} ran`)));
    await use({ ...place, ctl, words, modules, ran });
  });
}

/** A path, a file URL, and code in the document itself. */
function typeOf(kind: string, modules: string): string {
  const path = join(modules, `${kind}.mjs`);
  if (kind === "serializer") return `Part:${path}`;
  if (kind === "partition-selector") return `Part:${pathToFileURL(path).href}`;
  return `Part:data:text/javascript,${encodeURIComponent(moduleText(join(modules, "..", `${kind} ran`)))}`;
}

/** Commands that need no component, and their output. */
const ADMINISTRATION: [words: string[], shown: string][] = [
  [["export", "t", "--to", "archive", "--to.file", "t.tar"], ""],
  [["topic", "list"], "t\n"],
  [["topic", "list", "-v"], '"events":3'],
  [["topic", "list", "--json"], '"events":3'],
  [["topic", "describe", "t"], "next id"],
  [["topic", "describe", "t", "--json"], '"events":3'],
  [["topic", "edit", "t", "--topic.retention_bytes", "1e9"], ""],
  [["topic", "trim", "t", "--before-id", "0", "--yes"], "removed"],
  [["topic", "delete", "t", "--dry-run"], ""],
  [["consumer", "seek", "t", "--consumer", "c", "--to", "earliest"], ""],
  [["consumer", "list", "t"], "c"],
  [["consumer", "lag", "t"], "c"],
  [["consumer", "delete", "t", "--consumer", "c", "--yes"], ""],
  [["verify"], ""],
  [["repair", "t", "--dry-run"], ""],
  [["doctor"], "engine"],
];

for (const [runtime, words] of Object.entries(PROGRAMS)) {
  test(`no command runs what a store names, on ${runtime}`, async () => {
    await withStranger(words, typeOf, async (stranger) => {
      const { ctl, driver, folder, root, ran } = stranger;
      const commands = isCompiled ? ADMINISTRATION : ADMINISTRATION.slice(0, 3);
      for (const [parameters, shown] of commands) {
        const { code, stdout, stderr } = await ctl([...parameters, ...driver]);
        assertEquals([code, ran()], [0, []], `${parameters.join(" ")}: ${stderr}`);
        assertStringIncludes(stdout, shown);
      }
      // Commands that need one are refused, with the reason.
      for (
        const parameters of [
          ["produce", "t", "--metadata", "1"],
          ["consume", "t"],
          ["consume", "t", "--follow", "--name", "c", "--ack"],
          ["export", "t", "--to", "jsonl", "--to.file", "-"],
          ["export", "t", "--to", "cpp-files", "--to.root_path", "cpp"],
          ["bench", "--topic", "t", "--num-events", "10"],
        ]
      ) {
        const { code, stdout, stderr } = await ctl([...parameters, ...driver]);
        assert(
          code !== 0 && stdout === "" && stderr.includes('of topic "t" from '),
          `${parameters}: ${code} ${stderr}`,
        );
        assertEquals(ran(), [], parameters.join(" "));
      }
      // Metadata comes back as bytes, the documents unchanged, and no module ran.
      const other = ["--driver", "files", "--driver.root_path", join(folder, "other")];
      const imported = await ctl([
        "import",
        "--from",
        "archive",
        "--from.file",
        "t.tar",
        "--name",
        "t",
        ...other,
      ]);
      assertEquals([imported.code, ran()], [0, []], imported.stderr);
      const documents = (topic: string) =>
        ctl(["topic", "list", "--json", ...topic === "t" ? driver : other]);
      const [before, after] = [await documents("t"), await documents("copy")].map(({ stdout }) =>
        JSON.parse(stdout)
      );
      for (const kind of ["validator", "serializer", "partition_selector", "events"]) {
        assertEquals(after[kind], before[kind]);
      }
      // With the serializer for JSON restored, the copy's events are the same as before.
      for (const kind of KINDS) {
        writeFileSync(join(folder, "other/t", `${kind}.json`), '{"type":"default"}');
      }
      assertEquals((await ctl(["consume", "t", ...other])).stdout, '{"n":1}\n{"n":2}\n{"n":3}\n');
      // A store of the C++ driver that names code.
      mkdirSync(join(folder, "strange/t/partitions/00000000"), { recursive: true });
      cpSync(join(root, "t/validator.json"), join(folder, "strange/t/validator.json"));
      const fromCpp = [
        "import",
        "--from",
        "cpp-files",
        "--from.root_path",
        "strange",
        "--name",
        "c",
        "--from.name",
        "t",
        ...other,
      ];
      const refused = await ctl(fromCpp);
      assertEquals([refused.code, ran()], [2, []], refused.stderr);
      assertStringIncludes(refused.stderr, `validator "Part:data:`);
      assertStringIncludes(refused.stderr, "--validator");
      assertEquals((await ctl(["topic", "list", ...other])).stdout, "t\n");
      assertEquals((await ctl([...fromCpp, "--validator", "default"])).code, 0);
      assertEquals([(await ctl(["topic", "delete", "t", "--yes", ...driver])).code, ran()], [0, []]);
    });
  });

  test(`the page and the daemons run nothing that a store names, on ${runtime}`, async () => {
    await withStranger(words, typeOf, async (stranger) => {
      const { driver, folder, root, ran, ctl } = stranger;
      const page = start([...words, "ui", "--port", "0", ...driver], { folder });
      try {
        await until("the address is printed", () => page.stdout().endsWith("\n"));
        const get = async (path: string) => await (await fetch(new URL(path, page.stdout().trim()))).text();
        assertStringIncludes(await get("api/topics"), '"events":3');
        assertStringIncludes(await get("api/topics/t/latest"), "which is not loaded here");
        assertStringIncludes(
          await get("api/topics/t/events?partition=0"),
          "7 bytes, written by the serializer",
        );
        assertStringIncludes(await get("api/topics/t"), '"serializer"');
        assertStringIncludes(await get("api/topics/t/consumers"), '"total":0');
      } finally {
        page.signal("SIGTERM");
        await page.ended;
      }
      assertEquals(ran(), []);

      const control = join(folder, "control");
      const fifo = start([...words, "fifo", "--control-file", control, ...driver], { folder });
      try {
        await until(
          "the control FIFO is there",
          () => statSync(control, { throwIfNoEntry: false })?.isFIFO() === true,
        );
        await run(["sh", "-c", `echo '${folder}/in -> t' > '${control}'`]);
        await until("the command is refused", () => fifo.stderr().includes("Cannot run command"));
        assertStringIncludes(fifo.stderr(), 'of topic "t" from ');
      } finally {
        fifo.signal("SIGTERM");
        await fifo.ended;
      }
      assertEquals(ran(), []);

      await ctl(["topic", "create", "plain", ...driver]);
      const store = `{ type: files, options: { root_path: ${JSON.stringify(root)} } }`;
      writeFileSync(
        join(folder, "f.yaml"),
        `drivers:\n  s: ${store}\nforward:\n  - { from: s/t, to: s/plain }\n`,
      );
      const forward = start([...words, "forward", "--config", "f.yaml"], { folder });
      try {
        await until("it is refused", () => forward.stderr().includes('of topic "t" from '));
      } finally {
        forward.signal("SIGKILL");
        await forward.ended;
      }
      assertEquals(ran(), []);
    });
  });

  test(`each kind of permission makes a topic usable, and loads only what is needed, on ${runtime}`, async () => {
    const consents: [parameters: string[], environment: Record<string, string>][] = [
      [["--load-modules", "./modules/"], {}],
      [["--load-modules", KINDS.map((kind) => `./modules/${kind}.mjs`).join(",")], {}],
      [KINDS.flatMap((kind) => ["--load-modules", `modules/${kind}.mjs`]), {}],
      [["--driver.load_modules", '["./modules/"]'], {}],
      [["--driver-config", "driver.json"], {}],
      [[], { DIASPORA_LOAD_MODULES: "a-package, ./modules/" }],
    ];
    // What is refused is refused before the runtime is asked to load anything.
    for (const [parameters, environment] of isCompiled ? consents : consents.slice(-2)) {
      await withStranger(
        words,
        (kind, modules) => `Part:${modules}/${kind}.mjs`,
        async ({ ctl, driver, folder, ran }) => {
          writeFileSync(join(folder, "driver.json"), '{"load_modules": "./modules/"}');
          const consented = (command: string[]) =>
            ctl([...command, ...driver, ...parameters], { environment });
          assertEquals([(await consented(["topic", "describe", "t"])).code, ran()], [0, []]);
          const read = await consented(["consume", "t", "--max", "1"]);
          assertStringIncludes(read.stderr, "Cannot parse metadata", read.stderr);
          assertEquals(ran(), ["serializer"]);
          const pushed = await consented(["produce", "t", "--metadata", '{"n":4}']);
          assertEquals([pushed.code, ran()], [0, [...KINDS]], pushed.stderr);
          assertEquals((await consented(["consume", "t", "--from", "3"])).stdout, '{"n":4}\n');
        },
      );
    }
  });

  test(`a package is allowed by its name, and modules named on the command line need no other permission, on ${runtime}`, async () => {
    await withStranger(
      words,
      (kind) => `Part:parts-of-ours/${kind}.js`,
      async ({ ctl, driver, folder, modules, ran }) => {
        const home = join(folder, "node_modules/parts-of-ours");
        mkdirSync(home, { recursive: true });
        for (const kind of KINDS) cpSync(join(modules, `${kind}.mjs`), join(home, `${kind}.js`));
        writeFileSync(join(home, "package.json"), '{"name":"parts-of-ours","type":"module"}');
        const refused = await ctl([
          "produce",
          "t",
          "--metadata",
          "1",
          "--load-modules",
          "parts-of",
          ...driver,
        ]);
        assertEquals([refused.code, ran()], [2, []], refused.stderr);
        const pushed = await ctl([
          "produce",
          "t",
          "--metadata",
          "1",
          "--load-modules",
          "parts-of-ours",
          ...driver,
        ]);
        assertEquals([pushed.code, ran()], [0, [...KINDS]], pushed.stderr);

        const named = ["--validator", `Part:${modules}/validator.mjs`];
        const made = await ctl(["topic", "create", "made", ...named, ...driver]);
        assertEquals(made.code, 0, made.stderr);
        rmSync(join(folder, "validator ran"));
        writeFileSync(join(folder, "lines"), '{"metadata":1}\n');
        const words = [
          "import",
          "--from",
          "jsonl",
          "--from.file",
          "lines",
          "--name",
          "i",
          ...named,
          ...driver,
        ];
        const imported = await ctl(words);
        assertEquals([imported.code, existsSync(join(folder, "validator ran"))], [0, true], imported.stderr);
        assert(readdirSync(join(folder, "store")).every((name) => !name.startsWith(".unfinished")));
      },
    );
  });
}
