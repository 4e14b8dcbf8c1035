// @ts-check
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fromRoot } from "./root.mjs";

/**
 * The two modes: `connected` takes `@std` from JSR, `npm-only` takes the stand-ins in `tools/std`.
 * @typedef {"connected" | "npm-only"} Way
 * @typedef {{ way: Way, why: string }} Choice
 */

/** How long to wait for JSR's answer. */
const PROBE_MS = 6_000;
/** How long an answer stays valid. */
const BELIEVED_MS = 10 * 60_000;
const MEMORIES = "node_modules/.cache/diaspora";

/**
 * Downloads the `@std` packages that deno.json names, as Deno itself would when a task imports them: proxies,
 * mirrors (`JSR_URL`) and a filled cache count as they do for Deno.
 * @param {string} deno
 * @returns {Choice}
 */
export function askJsr(deno) {
  const { imports } = JSON.parse(readFileSync(fromRoot("deno.json"), "utf8"));
  const specifiers = Object.values(imports).filter((target) => target.startsWith("jsr:"));
  const { status } = spawnSync(deno, ["cache", "-q", "--no-config", "--no-lock", ...specifiers], {
    stdio: "ignore",
    timeout: PROBE_MS,
    killSignal: "SIGKILL",
  });
  if (status === 0) return { way: "connected", why: "JSR answers" };
  const why = status === null ? `JSR did not answer within ${PROBE_MS / 1000} s` : "JSR cannot be reached";
  return { way: "npm-only", why: `${why}: @std comes from tools/std` };
}

/** One answer per registry: a mirror may be reachable when jsr.io is not. */
function memory() {
  return fromRoot(`${MEMORIES}/${encodeURIComponent(process.env["JSR_URL"] ?? "jsr")}.json`);
}

/** @returns {Choice | undefined} */
function remembered() {
  try {
    const { way, why, at } = JSON.parse(readFileSync(memory(), "utf8"));
    const age = Date.now() - at;
    return age >= 0 && age < BELIEVED_MS ? { way, why } : undefined;
  } catch {
    return undefined;
  }
}

/** @param {Choice} choice */
function remember(choice) {
  try {
    mkdirSync(fromRoot(MEMORIES), { recursive: true });
    writeFileSync(memory(), JSON.stringify({ ...choice, at: Date.now() }));
  } catch {
    // In a read-only tree, every run checks again.
  }
}

/**
 * Which mode to use: what `DIASPORA_TOOLING` says, otherwise what was found a few minutes ago, otherwise
 * whether JSR answers.
 * @param {string} deno
 * @returns {Choice | Error} an error when `DIASPORA_TOOLING` says something else
 */
export function chooseWay(deno) {
  const wanted = process.env["DIASPORA_TOOLING"];
  if (wanted === "connected" || wanted === "npm-only") {
    return { way: wanted, why: "DIASPORA_TOOLING says so" };
  }
  if (wanted !== undefined && wanted !== "") {
    return new Error(`Cannot use DIASPORA_TOOLING="${wanted}": it is "connected" or "npm-only"`);
  }
  const known = remembered();
  if (known !== undefined) return known;
  const choice = askJsr(deno);
  remember(choice);
  return choice;
}
