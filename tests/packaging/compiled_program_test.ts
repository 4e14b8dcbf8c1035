// The compiled program as used by someone who has nothing else installed.
import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { startInTurn } from "../../bench/cold_start.ts";
import { test } from "../harness.ts";
import { PERMISSIONS } from "../../tools/compile/permissions.ts";
import { bundleForDeno, DENO_TARGETS } from "../../tools/compile/with_deno.ts";
import { compileTo } from "./compile_to.ts";
import { type Ended, mustRun, run } from "./consumer_project.ts";

interface Compiled {
  /** A folder for the tests of this file. */
  home: string;
  /** The program. */
  program: string;
}

function compile(): Compiled {
  const home = mkdtempSync(join(tmpdir(), "diaspora-compiled-"));
  globalThis.addEventListener("unload", () => rmSync(home, { recursive: true, force: true }));
  const program = join(home, "diaspora-ctl");
  compileTo(program);
  return { home, program };
}

let compiled: Compiled | undefined;

/** The program, compiled on first use. */
function compiledOnce(): Compiled {
  return compiled ??= compile();
}

/** Runs the program where nothing of this repository can be found, not even on the PATH. */
function runProgram(parameters: string[], input = "", environment: Record<string, string> = {}): Ended {
  const { home, program } = compiledOnce();
  const { status, stdout, stderr } = spawnSync(program, parameters, {
    cwd: home,
    input,
    encoding: "utf8",
    env: { HOME: home, PATH: "/usr/bin:/bin", NO_COLOR: "1", ...environment },
  });
  return { status, stdout, stderr };
}

function optionsOf(folder: string): string[] {
  return ["--driver", "files", "--driver.root_path", join(compiledOnce().home, folder)];
}

test("the compiled program creates a topic, and stores and reads events", () => {
  const options = optionsOf("data");
  assertEquals(
    runProgram(["topic", "create", "--name", "t", ...options, "--topic.num_partitions", "1"]).status,
    0,
  );
  assertEquals(runProgram(["produce", "t", ...options], '{"x":1}\n{"x":2}\n').status, 0);
  assertEquals(runProgram(["consume", "t", ...options]).stdout, '{"x":1}\n{"x":2}\n');
});

/** A user's module, in TypeScript or JavaScript. */
function validatorModule(ending: string): string {
  return `import { InvalidMetadataError } from "@diaspora/stream";
export class Positive {
  validate(metadata${ending === "ts" ? ": { x: number }" : ""}) {
    if (metadata.x <= 0) throw new InvalidMetadataError("Cannot take x: it must be positive");
  }
  config() {
    return { type: "Positive" };
  }
}
`;
}

for (const ending of ["ts", "js"]) {
  test(`the compiled program loads a validator from a .${ending} file that imports the library`, () => {
    const { home } = compiledOnce();
    mkdirSync(join(home, "plugins"), { recursive: true });
    const plugin = join(home, "plugins", `positive.${ending}`);
    writeFileSync(plugin, validatorModule(ending));
    const options = optionsOf("plugged");
    const create = ["topic", "create", "--name", ending, ...options, "--validator", `Positive:${plugin}`];
    const created = runProgram(create);
    assertEquals(created.status, 0, created.stderr);
    const consent = ["--load-modules", plugin];
    const produced = runProgram(["produce", ending, ...options, ...consent], '{"x":1}\n{"x":0}\n');
    assertEquals(produced.status, 1);
    assertStringIncludes(produced.stderr, "Cannot take x: it must be positive");
    assertEquals(runProgram(["consume", ending, ...options, ...consent]).stdout, '{"x":1}\n');
  });
}

test("the compiled program is not changed by a .env file where it is started", () => {
  const { home } = compiledOnce();
  writeFileSync(join(home, ".env"), "DIASPORA_DRIVER=files\n");
  const { status, stderr } = runProgram(["topic", "list"]);
  assertEquals(status, 2);
  assertMatch(stderr, /driver/);
  rmSync(join(home, ".env"));
});

test("the compiled program starts in less time than three empty runs of Deno", () => {
  assertStringIncludes(runProgram(["--help"]).stdout, "topic create");
  const [own, empty] = startInTurn([[compiledOnce().program, "--help"], [process.execPath, "eval", "0"]], 7)
    .map((starts) => Math.min(...starts.map(({ cpuMs }) => cpuMs)));
  assertLess(own!, 3 * empty!);
});

/** Nothing listens there; the Kafka client has to be loaded before that can be noticed. */
const NO_BROKER = [
  ...["topic", "list", "--driver", "kafka", "--driver.kafka.bootstrap.servers", "127.0.0.1:1"],
  ...["--driver.kafka.socket.connection.setup.timeout.ms", "1000"],
];

test("the compiled program includes the Kafka client", () => {
  assertStringIncludes(runProgram(NO_BROKER).stderr, 'no answer from Kafka at "127.0.0.1:1"');
});

/** What `deno compile` packs, run by Deno with the permissions of the compiled program. */
function withBundle(use: (home: string, run: (parameters: string[], input?: string) => Ended) => void): void {
  const home = mkdtempSync(join(tmpdir(), "diaspora-bundle-"));
  const bundle = join(home, "bundle");
  mkdirSync(bundle);
  try {
    assertEquals(bundleForDeno(bundle), undefined);
    const config = ["-c", join(bundle, "deno.json"), join(bundle, "cli.js")];
    use(home, (parameters, input = "") => {
      const words = ["run", "-q", "--no-check", "--no-lock", ...PERMISSIONS, ...config, ...parameters];
      const { status, stdout, stderr } = spawnSync(process.execPath, words, {
        cwd: home,
        input,
        encoding: "utf8",
        env: { HOME: home, PATH: "/usr/bin:/bin", NO_COLOR: "1" },
      });
      return { status, stdout, stderr };
    });
  } finally {
    rmSync(home, { recursive: true });
  }
}

test("the permissions given by deno compile are sufficient for the program and its modules", () => {
  withBundle((home, run) => {
    writeFileSync(join(home, "positive.ts"), validatorModule("ts"));
    const where = ["--driver", "files", "--driver.root_path", join(home, "data")];
    const schema = ["--validator", "schema", "--validator.schema", '{"type": "object"}'];
    const consent = ["--load-modules", join(home, "positive.ts")];
    const own = ["--validator", "Positive:./positive.ts", "--serializer", "cbor"];
    for (
      const [words, input] of [
        [["topic", "create", "--name", "checked", ...schema, ...where], ""],
        [["topic", "create", "--name", "own", ...own, ...where], ""],
        [["produce", "own", ...where, ...consent], '{"x":5}\n'],
        [["topic", "describe", "own", ...where], ""],
        [["verify", "own", ...where], ""],
      ] as const
    ) {
      const { status, stderr } = run([...words], input);
      assertEquals(status, 0, `${words.join(" ")}: ${stderr}`);
    }
    assertEquals(run(["consume", "own", ...where, ...consent]).stdout, '{"x":5}\n');
    // Thrown by the module as an error of this library, not of a copy.
    assertStringIncludes(run(["produce", "own", ...where, ...consent], '{"x":0}\n').stderr, "Cannot take x");
    assertStringIncludes(run(["produce", "checked", ...where], "5\n").stderr, "object");
    assertStringIncludes(run(NO_BROKER).stderr, 'no answer from Kafka at "127.0.0.1:1"');
    const doctor = run(["doctor", "--json", ...where]);
    assertEquals(doctor.stdout.trimEnd().split("\n").filter((line) => !/"(ok|warn)"/.test(line)), []);
  });
});

test("deno compile packs the program with its permissions into the runtime that DENORT_BIN names", () => {
  const home = mkdtempSync(join(tmpdir(), "diaspora-denort-"));
  try {
    const output = join(home, "diaspora-ctl");
    // Any executable can be used to pack into: it is not started here.
    const { stderr } = mustRun("node", ["tools/launch.mjs", "compile", "--output", output], ".", {
      DENORT_BIN: process.execPath,
    });
    assert(!stderr.includes("Compiling with Bun"), stderr);
    const program = readFileSync(output).toString("latin1");
    const packed = program.slice(program.lastIndexOf('{"argv":[]'));
    assertStringIncludes(packed, '"allow_run":["mkfifo","dd","diaspora-ctl"]');
    assertStringIncludes(packed, '"allow_ffi":null');
    assertStringIncludes(packed, '"prompt":false');
    assertStringIncludes(packed, "@diaspora/stream");
  } finally {
    rmSync(home, { recursive: true });
  }
});

test("compile supports six targets, and refuses others", () => {
  const { status, stderr } = run("node", ["tools/launch.mjs", "compile", "--target", "z80"]);
  assertEquals(status, 2);
  assertEquals(DENO_TARGETS.length, 6);
  for (const target of DENO_TARGETS) assertStringIncludes(stderr, target);
});

/** The first bytes of programs for other machines, and the position of the processor type in them. */
const FOREIGN: Record<string, { magic: number[]; processor?: { at: number; byte: number } }> = {
  "aarch64-unknown-linux-gnu": { magic: [0x7f, 0x45, 0x4c, 0x46], processor: { at: 18, byte: 0xb7 } },
  "x86_64-apple-darwin": { magic: [0xcf, 0xfa, 0xed, 0xfe], processor: { at: 4, byte: 0x07 } },
  "aarch64-apple-darwin": { magic: [0xcf, 0xfa, 0xed, 0xfe], processor: { at: 4, byte: 0x0c } },
  "x86_64-pc-windows-msvc": { magic: [0x4d, 0x5a] },
  "aarch64-pc-windows-msvc": { magic: [0x4d, 0x5a] },
};

const offline = spawnSync("npm", ["ping"], { stdio: "ignore", timeout: 20_000 }).status !== 0;

test("programs for other machines are compiled here", {
  skip: offline && "their runtimes come from the npm registry, which does not answer",
}, () => {
  const home = mkdtempSync(join(tmpdir(), "diaspora-foreign-"));
  try {
    for (const [target, { magic, processor }] of Object.entries(FOREIGN)) {
      const output = join(home, target);
      mustRun("node", ["tools/launch.mjs", "compile", "--target", target, "--output", output]);
      const path = target.includes("windows") ? `${output}.exe` : output;
      const head = readFileSync(path).subarray(0, 64);
      assertEquals([...head.subarray(0, magic.length)], magic, target);
      if (processor !== undefined) assertEquals(head[processor.at], processor.byte, target);
      rmSync(path);
    }
  } finally {
    rmSync(home, { recursive: true });
  }
});
