// The C++ library is measured with a program that the user provides, here a stand-in.
import { assertEquals, assertThrows } from "@std/assert";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { measureCpp } from "../../bench/suite/cpp.ts";
import { test } from "../harness.ts";

const NO_SHELL = process.platform === "win32" && "there is no /bin/sh";
const SHAPE = { events: 20, metadataBytes: 100, dataBytes: 1024 };

/** Runs a body with a program made of this shell text, and its working folder. */
function withProgram(text: string, body: (program: string, folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-bench-cpp-"));
  try {
    const program = join(folder, "program");
    writeFileSync(program, `#!/bin/sh\n${text}\n`);
    chmodSync(program, 0o755);
    body(program, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a program on the C++ library pushes and reads in its own folder, which is removed afterwards", {
  skip: NO_SHELL,
}, () => {
  const text = [
    'echo "$1 $3 $4 $5" >> "$(dirname "$0")/calls"',
    'if [ "$1" = produce ]; then touch "$2/log"; else test -e "$2/log" || exit 3; fi',
    "echo what a program says",
    'echo \'{"seconds": 2, "cpuSeconds": 0.5, "memoryBytes": 7}\'',
  ].join("\n");
  withProgram(text, (program, folder) => {
    const { produce, consume } = measureCpp(program, folder, SHAPE);
    const { events, bytes, seconds, cpuSeconds, memoryBytes } = consume;
    assertEquals({ events, bytes, seconds, cpuSeconds, memoryBytes }, {
      events: 20,
      bytes: 20 * 1124,
      seconds: 2,
      cpuSeconds: 0.5,
      memoryBytes: 7,
    });
    assertEquals(produce, consume);
    assertEquals(readFileSync(join(folder, "calls"), "utf8"), "produce 20 100 1024\nconsume 20 100 1024\n");
    assertEquals(readdirSync(folder).sort(), ["calls", "program"]);
  });
});

test("a program on the C++ library that fails or prints no figures is named", { skip: NO_SHELL }, () => {
  const cases: [text: string, message: string][] = [
    ["echo no disk >&2; exit 3", 'produce" failed (exit code 3): no disk'],
    ["echo fast", 'printed last: "fast"; expected {"seconds"'],
    ["true", 'printed last: ""'],
    ['echo \'{"seconds": 1, "cpuSeconds": 0}\'', "both above 0"],
    ["echo null", 'printed last: "null"'],
  ];
  for (const [text, message] of cases) {
    withProgram(text, (program, folder) => {
      assertThrows(() => measureCpp(program, folder, SHAPE), Error, message);
    });
  }
  withProgram("", (_, folder) => {
    assertThrows(() => measureCpp(join(folder, "none"), folder, SHAPE), Error, "Cannot run");
  });
});
