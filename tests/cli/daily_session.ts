/**
 * Runs command lines one after the other as a shell would, but in one process: starting the program twenty times takes
 * seconds. The arguments are the command lines; after the output of each stands its exit code.
 */
import { once } from "node:events";
import { spawnSync } from "node:child_process";
import { spawn } from "../child_processes.ts";
import { readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { Driver } from "../../mod.ts";
import { main } from "../../src/ctl/main.ts";
import { PROGRAM } from "./program.ts";

/** The words of a command line, and the file that it reads. */
function parsed(line: string): { words: string[]; input: string | undefined } {
  const [command = "", input] = line.split(" < ");
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
  return { words: words.slice(1), input };
}

/** Runs a command that does not end by itself: events are pushed until it prints one, then it is interrupted. */
async function interrupted(words: string[]): Promise<number | null> {
  const child = spawn(PROGRAM[0]!, [...PROGRAM.slice(1), ...words], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  let isPrinted = false;
  child.stdout.on("data", (chunk: Uint8Array) => {
    isPrinted = true;
    process.stdout.write(chunk);
  });
  await using driver = await Driver.open("files", { root_path: process.env["STORE"]! });
  await using topic = await driver.openTopic("clicks");
  await using producer = topic.producer();
  while (!isPrinted && child.exitCode === null) {
    await producer.push({ n: 6 });
    await delay(50);
  }
  // Deno's `child.kill` would hide the exit code.
  process.kill(child.pid!, "SIGINT");
  const [code] = await ended;
  return code === 130 ? 0 : code;
}

/** Runs a command that reads a file as its standard input, which one process has only once. */
function redirected(words: string[], input: string): number | null {
  const { status, stderr } = spawnSync(PROGRAM[0]!, [...PROGRAM.slice(1), ...words], {
    input: readFileSync(input),
  });
  process.stderr.write(stderr);
  return status;
}

for (const line of process.argv.slice(2)) {
  const { words, input } = parsed(line);
  const code = input !== undefined
    ? redirected(words, input)
    : words.includes("-F")
    ? await interrupted(words)
    : await main(words);
  process.stdout.write(`${line}: ${code}\n`);
}
