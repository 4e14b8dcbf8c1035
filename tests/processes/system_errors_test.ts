// The system errors of a write, as each runtime reports them: strace injects the error into the call.
import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawn } from "../child_processes.ts";
import { test } from "../harness.ts";
import { commandOf, MISSING, ROOT, RUNTIMES } from "./runtimes.ts";

const PROGRAM = fileURLToPath(new URL("failing_append.ts", import.meta.url));
const ERRNOS = [
  "EDQUOT",
  "ENOSPC",
  "ENOLCK",
  "ESTALE",
  "ENAMETOOLONG",
  "EBUSY",
  "EXDEV",
  "ENODEV",
  "ETXTBSY",
];

function whyNot(): string | false {
  if (MISSING !== false) return MISSING;
  const { status, error } = spawnSync("strace", ["-qq", "-o", "/dev/null", "true"]);
  return status === 0 ? false : `strace cannot be used here: ${error?.message ?? `it ended with ${status}`}`;
}

/** The error of an append to the file, if the system call fails with the given error. */
function appendFailingWith(errno: string, runtime: string, file: string): Promise<string> {
  const calls = "write,pwrite64,writev,pwritev";
  const [program, ...rest] = [
    ...["strace", "-f", "-qq", "-o", "/dev/null", "-P", file],
    ...["-e", `trace=${calls}`, "-e", `inject=${calls}:error=${errno}`],
    ...commandOf(runtime, PROGRAM, [file]),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"], timeout: 120_000 });
    let output = "";
    child.stdout.on("data", (bytes) => output += String(bytes));
    child.on("error", reject);
    child.on("close", () => resolve(output.trim()));
  });
}

for (const runtime of RUNTIMES) {
  test(`system errors have the same names on ${runtime}`, { skip: whyNot() }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "diaspora-errno-"));
    try {
      const file = join(folder, "file");
      writeFileSync(file, "");
      const named = await Promise.all(ERRNOS.map((errno) => appendFailingWith(errno, runtime, file)));
      assertEquals(named, ERRNOS);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
