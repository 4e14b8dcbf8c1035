// The README's promises: its programs and commands run exactly as printed.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { Driver } from "../mod.ts";
import { spawn } from "./child_processes.ts";
import { test } from "./harness.ts";

const readme = readFileSync("README.md", "utf8");

/** The code blocks of a language, in order. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp("```" + language + "\n(.*?)```", "gs"))].map(([, code]) => code);
}

/** Runs commands in a shell, with another folder in place of the README's. */
function shell(commands: string, folder: string): string {
  const { status, stdout, stderr } = spawnSync("bash", [
    "-euc",
    commands.replaceAll("/tmp/diaspora-data", folder),
  ], {
    encoding: "utf8",
  });
  assertEquals(status, 0, commands + stdout + stderr);
  return stdout;
}

test("the README's programs and commands run as printed", () => {
  mkdirSync("dist", { recursive: true });
  // Within the repository, where the README says to save them.
  const folder = mkdtempSync(join("dist", "readme-"));
  try {
    const programs = blocks("ts");
    assertEquals(programs.length, 3);
    for (const program of programs) {
      const name = /^\/\/ (\w+\.m?ts):/.exec(program)?.[1];
      assert(name, `no file name in the first line of:\n${program}`);
      writeFileSync(join(folder, name), program);
    }
    const [, create, run] = blocks("sh");
    const data = join(folder, "data");
    shell(create, data);
    for (const runtime of ["node", "deno", "bun"]) assertMatch(run, new RegExp(`^\\S*${runtime} `, "m"));
    const printed = shell(run.replace(/(?:producer|consumer)\.ts/g, (name) => join(folder, name)), data);
    // Three producers; the consumers after them print a hundred events each.
    const expected = Array.from({ length: 300 }, (_, i) => `${i}: {"x":${i % 100 * 42},"name":"bob"}\n`);
    assertEquals(printed, expected.join(""));
    const list = shell(
      "npm run -s ctl -- topic list --driver files --driver.root_path /tmp/diaspora-data",
      data,
    );
    assertEquals(list, "my_topic\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the README's first program has eight lines, and prints what the README says on every runtime", () => {
  mkdirSync("dist", { recursive: true });
  const folder = mkdtempSync(join("dist", "readme-"));
  try {
    const [program] = blocks("ts");
    assertEquals(program.trimEnd().split("\n").length, 8);
    const said = blocks("text")[1].replace(/timestamp: \S+,/, "");
    for (const start of ["node --import tsx", "node_modules/.bin/deno run -A", "node_modules/.bin/bun"]) {
      const file = join(folder, "first.mts");
      const data = join(folder, start.replace(/\W+/g, ""));
      writeFileSync(file, program.replace("./diaspora-data", `./${data}`));
      const printed = shell(`${start} ${file}`, folder);
      const flat = (text: string) => text.replace(/\s+/g, " ").trim();
      assertEquals(flat(printed.replace(/timestamp: \S+,/, "")), flat(said), start);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the README's first screens say when an event is safe and that data is not copied", () => {
  const screen = readme.split("\n").slice(0, 70).join("\n");
  for (const words of ["buffered", "on_flush", "immediate", "`push` does not copy data"]) {
    assertStringIncludes(screen, words);
  }
});

test("the README's second program follows what others push, on every runtime", async () => {
  mkdirSync("dist", { recursive: true });
  const folder = mkdtempSync(join("dist", "readme-"));
  try {
    const root_path = join(folder, "data");
    const [program] = blocks("typescript");
    const file = join(folder, "follow.mts");
    writeFileSync(file, program.replace("./diaspora-data", `./${root_path}`));
    await using driver = await Driver.open("files", { root_path });
    await driver.createTopic("readings");
    await using topic = await driver.openTopic("readings");
    await using producer = topic.producer();
    for (const start of ["node --import tsx", "node_modules/.bin/deno run -A", "node_modules/.bin/bun"]) {
      const id = await producer.push({ energy: 42 });
      await untilPrinted(start, file, `id: ${id},`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Runs a program that does not end by itself until it has printed a text. */
async function untilPrinted(start: string, file: string, text: string): Promise<void> {
  const [program, ...words] = start.split(" ");
  const child = spawn(program, [...words, file], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  let printed = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) {
    printed += chunk;
    if (printed.includes(text)) break;
  }
  child.kill("SIGKILL");
  await ended;
  assertStringIncludes(printed, text);
}

test("the README says how to install the library, the command and the driver for Kafka", () => {
  for (
    const words of [
      ...["npm install @diaspora/stream", "deno add jsr:@diaspora/stream", "bun add @diaspora/stream"],
      ...["npx @diaspora/stream", "bunx --package @diaspora/stream", "npm install @platformatic/kafka"],
    ]
  ) assertStringIncludes(readme, words);
});

test("the README links to existing files, from any place, and names existing scripts", () => {
  const { scripts, homepage } = JSON.parse(readFileSync("package.json", "utf8"));
  // Absolute URLs: npm and JSR show this page without the other files.
  const repository = homepage.replace("#readme", "");
  const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target);
  for (const link of links) {
    assert(link.startsWith("https://"), link);
    if (!link.startsWith(repository)) continue;
    const path = link.slice(repository.length);
    assert(path === "/releases" || existsSync(path.replace("/blob/main/", "").replace(/#.*/, "")), link);
  }
  for (const [, name] of readme.matchAll(/npm (?:run )?(?:-s )?(test|(?<=run (?:-s )?)[\w:]+)/g)) {
    assert(name in scripts, name);
  }
});
