#!/usr/bin/env -S deno run -A
// @ts-check
// Runs the project's tasks with Deno: `node tools/launch.mjs TASK …`, or the same under `deno run -A`.
// It must run before anything is installed, so it is plain JavaScript on node: built-ins.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import process from "node:process";
import { chooseWay } from "./launch/choose_way.mjs";
import { writeNpmOnlyConfig } from "./launch/npm_only_config.mjs";
import { findDeno } from "./launch/find_deno.mjs";
import { fromRoot } from "./launch/root.mjs";
import { DENO_TASKS, folderOf, HAVE_HELP, headOf, scriptOf, WITHOUT_ARGUMENTS } from "./launch/tasks.mjs";

/**
 * Runs a program with this process's standard streams, forwards signals that it does not get itself, and returns its
 * exit code.
 * @param {string} program
 * @param {string[]} parameters
 * @param {{ cwd: string, environment?: Record<string, string> }} options
 * @returns {Promise<number>}
 */
function run(program, parameters, { cwd, environment }) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, {
      stdio: "inherit",
      cwd,
      env: { ...process.env, ...environment },
    });
    /** @type {NodeJS.Signals[]} */
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    const pass = signals.map((signal) => ({ signal, to: () => hasItToo(signal) || child.kill(signal) }));
    for (const { signal, to } of pass) process.on(signal, to);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      for (const { signal, to } of pass) process.off(signal, to);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/**
 * Whether the program gets a signal of this process too: Ctrl+C on a terminal goes to both, and a second one would end
 * the program before it has stored what it has. On Windows there are no other signals, and sending one ends a program.
 * @param {NodeJS.Signals} signal
 */
function hasItToo(signal) {
  return process.platform === "win32" || (signal === "SIGINT" && process.stdin.isTTY);
}

/**
 * @param {string[]} argv
 * @returns {Promise<number>} the exit code
 */
async function main([task, ...rest]) {
  writeNpmOnlyConfig();
  if (task === "config") return 0;
  if (task === undefined || !DENO_TASKS.includes(task)) {
    console.error(
      `Cannot run task ${JSON.stringify(task ?? "")}: known tasks are config, ${DENO_TASKS.join(", ")}`,
    );
    return 2;
  }
  const script = scriptOf(task);
  if (!existsSync(fromRoot(script))) {
    console.error(`Cannot run task "${task}": there is no "${script}" yet`);
    return 1;
  }
  const asksForHelp = rest.some((word) => word === "--help" || word === "-h");
  if (asksForHelp && !HAVE_HELP.includes(task)) {
    console.log(headOf(readFileSync(fromRoot(script), "utf8")));
    return 0;
  }
  if (rest.length > 0 && WITHOUT_ARGUMENTS.includes(task)) {
    console.error(`Unknown argument "${rest[0]}": task "${task}" takes none`);
    return 2;
  }
  const deno = findDeno();
  if (deno === undefined) {
    console.error('Cannot find Deno: run "npm ci" first, which brings it, or put "deno" on the PATH');
    return 1;
  }
  if (!existsSync(fromRoot("node_modules"))) {
    const code = await run(deno, ["install"], { cwd: fromRoot(".") });
    if (code !== 0) return code;
  }
  const choice = chooseWay(deno);
  if (choice instanceof Error) {
    console.error(choice.message);
    return 2;
  }
  const { way, why } = choice;
  // Users of the command want to see its output, and nothing else.
  if (task !== "ctl") console.error(`Tooling: ${way} (${why})`);
  const config = fromRoot(way === "connected" ? "deno.json" : "deno.npm-only.json");
  return await run(deno, ["run", "-A", "--no-lock", "-c", config, fromRoot(script), ...rest], {
    cwd: folderOf(task, fromRoot(".")),
    environment: { DIASPORA_TOOLING: way, DENO_NO_UPDATE_CHECK: "1" },
  });
}

process.exitCode = await main(process.argv.slice(2));
