import { existsSync, rmSync, writeFileSync } from "node:fs";
import { busyText, environment } from "../bench/environment.ts";
import { runJob } from "../bench/job.ts";
import { EngineBench } from "../bench/measure_engine.ts";
import { type BenchResults, medianOf, resultsDocument } from "../bench/results.ts";
import { resultsText } from "../bench/results_text.ts";
import { inProcessRunner, processRunner } from "../bench/runner.ts";
import { benchSettings } from "../bench/settings.ts";
import { measureSweeps } from "../bench/sweeps.ts";
import { work } from "../bench/worker.ts";
import type { Invocation } from "../command.ts";
import { openDriver } from "../connect.ts";
import { fileError } from "../usage_error.ts";

/** Measures an engine. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console, signal } = invocation;
  if (args.flag("worker")) return await work(runJob);
  const settings = benchSettings(invocation);
  const report = args.text("report");
  if (report !== undefined) checkReport(report);
  await using driver = await openDriver(invocation);
  const run = settings.driver === "memory" ? inProcessRunner(driver, signal) : processRunner(signal);
  const bench = new EngineBench(driver, run, settings);
  const begin = (what: string): void => {
    signal.throwIfAborted();
    console.log.info(`Measuring ${what}`);
  };
  begin(settings.parts.join(", "));
  const busy = busyText();
  if (busy !== undefined) console.log.warn(busy);
  const found = environment();
  const rounds = [await bench.throughput()];
  while (rounds.length < settings.rounds) {
    begin(`round ${rounds.length + 1} of ${settings.rounds}`);
    rounds.push(await bench.throughput());
  }
  const all: BenchResults = { environment: found, settings, results: medianOf(rounds) };
  if (settings.parts.includes("latency")) all.latency = await bench.latency();
  if (report !== undefined) {
    all.sweeps = await measureSweeps(bench, settings, begin);
    const { resultsPage } = await import("../bench/results_html.ts");
    writeReport(report, resultsPage(all));
    console.log.info(`Report written to ${report}`);
  }
  if (args.flag("json")) await console.out.json(resultsDocument(all));
  else for (const line of resultsText(all, console.out.columns)) await console.out.line(line);
}

/** Throws, before minutes of work, if the report cannot be written; leaves no empty file if they end early. */
function checkReport(path: string): void {
  const isThere = existsSync(path);
  writeReport(path, "", "a");
  if (!isThere) rmSync(path);
}

function writeReport(path: string, page: string, flag = "w"): void {
  try {
    writeFileSync(path, page, { flag });
  } catch (cause) {
    throw fileError("write", path, "--report", cause);
  }
}
