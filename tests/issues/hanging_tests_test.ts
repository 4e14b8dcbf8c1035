// A test that never ended kept the whole suite from ending, without saying which test it was, and processes it
// had started kept running after the suite was killed. A test now has a time limit, and is named when it
// exceeds it; the processes it starts end with it, and all of them with the run, however that ends.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Journal, writeEntry } from "../../tools/test/journal.ts";
import { whyToEnd } from "../../tools/test/run.ts";
import { spawn } from "../child_processes.ts";
import { test } from "../harness.ts";
import { DENO_CONFIG } from "../../tools/deno_config.ts";

const harness = fileURLToPath(new URL("../harness.ts", import.meta.url));
const children = fileURLToPath(new URL("../child_processes.ts", import.meta.url));

/** A process that does nothing for a long time, and writes its id. */
const IDLE = `["-c", "echo $$ > PIDS/$$; exec sleep 300"]`;

/** Makes test files with the given contents, and a command that runs them. */
async function withRunner(
  bodies: Record<string, string>,
  use: (runner: { files: string[]; folder: string; command: string[] }) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-hanging-"));
  try {
    writeFileSync(join(folder, "package.json"), '{"type": "module"}');
    const files = Object.entries(bodies).map(([name, text]) => {
      const path = join(folder, `${name}_test.ts`);
      // In a string, for a shell: a temporary folder may have a blank in its name.
      const inShell = folder.replaceAll(" ", "\\\\ ");
      const head = `import { test } from "${harness}";\nimport { spawn } from "${children}";\n`;
      writeFileSync(path, head + text.replaceAll("PIDS", inShell));
      return path;
    });
    const command = [
      process.execPath,
      "run",
      "-A",
      "--no-lock",
      "-c",
      DENO_CONFIG,
      "tools/test.ts",
      ...files,
    ];
    await use({ files, folder, command });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function run([program, ...words]: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (text) => output += text);
  child.stderr.on("data", (text) => output += text);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, output };
}

/** The processes that the tests started. */
function started(folder: string): number[] {
  return readdirSync(folder).filter((name) => /^\d+$/.test(name)).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilGone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 20));
}

const WAITS = `
test("waits for ever", { limitMs: 1500 }, async () => {
  const child = spawn("sh", ${IDLE});
  setInterval(() => {}, 1000);
  await new Promise(() => {});
});
test("goes on", () => {});
test("leaves a process", async () => {
  spawn("sh", ["-c", "sh -c 'echo $$ > PIDS/$$; sleep 300'; true"]);
  await new Promise((resolve) => setTimeout(resolve, 300));
});
`;

test("a test that waits for ever fails by name, its processes end, and the next tests run", async () => {
  await withRunner({ waits: WAITS }, async ({ command, folder, files }) => {
    const { code, output } = await run([...command, "--on", "deno,node,bun"]);
    assertEquals(code, 1);
    for (const runtime of ["Deno", "Node", "Bun"]) {
      assertStringIncludes(output, `failed on ${runtime}: waits for ever`);
      assertStringIncludes(output, `failed on ${runtime}: leaves a process (${files[0]})`);
    }
    assertStringIncludes(output, 'Test "waits for ever" reached its time limit of 1.5 s');
    assertStringIncludes(output, 'Test "leaves a process" left running: sh');
    assertMatch(output, /^3 passed, 6 failed$/m);
    assertEquals(started(folder).length, 6);
    await untilGone(started(folder));
  });
});

test("a test that never ends is killed and named, with the processes it started", async () => {
  const body = `
test("never lets go", { limitMs: 1000 }, () => {
  spawn("sh", ${IDLE});
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;
  await withRunner({ blocks: body }, async ({ command, folder, files }) => {
    const { code, output } = await run([...command, "--on", "deno,node,bun"]);
    assertEquals(code, 1);
    const [file] = files;
    for (const runtime of ["Deno", "Node", "Bun"]) {
      const why = `test "never lets go" of ${file} reached its time limit of 1 s`;
      assertStringIncludes(output, `failed on ${runtime}: the run itself: ${why}`);
    }
    await untilGone(started(folder));
  });
});

test("when the runner is killed, all processes of its tests end", async () => {
  const body = `test("waits", async () => {
  const child = spawn("sh", ${IDLE});
  await new Promise((resolve) => child.on("close", resolve));
});`;
  await withRunner({ waits: body }, async ({ command, folder }) => {
    const [program, ...words] = command;
    const runner = spawn(program, [...words, "--on", "deno,node,bun"], { stdio: "ignore" });
    const ended = new Promise((resolve) => runner.on("close", resolve));
    while (started(folder).length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    process.kill(runner.pid!, "SIGKILL");
    await ended;
    await untilGone(started(folder));
  });
});

test("a run has a time limit, and so has inactivity", () => {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-journal-"));
  const path = join(folder, "journal");
  try {
    const journal = new Journal(path, 0);
    assertEquals(whyToEnd(journal, 1000, 2000), undefined);
    assertMatch(whyToEnd(journal, 3_000, 2000) ?? "", /^it reached its time limit$/);
    assertMatch(whyToEnd(journal, 400_000, 1e9) ?? "", /^no test began or ended for 300 s$/);
    writeEntry({ at: "begin", id: "1", file: "a_test.ts", name: "a", limitMs: 1000 }, path);
    journal.follow(400_000);
    assertEquals(whyToEnd(journal, 401_000, 1e9), undefined);
    assertMatch(
      whyToEnd(journal, 401_000, 400_500) ?? "",
      /^it reached its time limit during "a" of a_test.ts$/,
    );
    assertMatch(
      whyToEnd(journal, 412_000, 1e9) ?? "",
      /^test "a" of a_test.ts reached its time limit of 1 s$/,
    );
    writeEntry({ at: "end", id: "1", passed: true, ms: 5 }, path);
    journal.follow(420_000);
    assertEquals(whyToEnd(journal, 700_000, 1e9), undefined);
    assertMatch(whyToEnd(journal, 730_000, 1e9) ?? "", /; the last one was "a" of a_test.ts$/);
    assertEquals(journal.timings(), [["a_test.ts", 5]]);
    assert(journal.running().length === 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
