import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "../harness.ts";
import { ctl, ctlProcess, withFolder } from "./program.ts";

const SMALL = ["--num-events", "500", "--duration", "0.2"];

test("bench measures the files driver in separate processes and leaves no topic", async () => {
  await withFolder(async ({ folder }) => {
    const words = ["bench", "--driver", "files", "--driver.root_path", join(folder, "store"), ...SMALL];
    const more = ["--topic.num_partitions", "2", "--processes", "2", "--data-size", "1000", "--json"];
    const { code, stdout, stderr } = await ctlProcess([...words, ...more]);
    assertEquals([code, stderr.includes("[error]")], [0, false], stderr);
    const { results, latency_ms, environment, settings } = JSON.parse(stdout);
    const reported = results.map(({ what, events, bytes }: Record<string, unknown>) => [what, events, bytes]);
    assertEquals(reported, [
      ["produce", 1000, 1_100_000],
      ["consume", 1000, 1_000_000],
      ["consume, metadata only", 1000, 0],
      ["consume, not parsed", 1000, 0],
    ]);
    assert(results.every((result: Record<string, number>) => result.cpu_micros_per_event! > 0));
    assertEquals(latency_ms.events, 100);
    assert(latency_ms.p50 <= latency_ms.p99 && latency_ms.p99 <= latency_ms.max);
    assertEquals([settings.processes, typeof environment.processors], [2, "string"]);
    assertEquals(readdirSync(join(folder, "store")), []);
  });
});

test("bench writes a page with plots that needs no other file", async () => {
  await withFolder(async ({ folder }) => {
    const report = join(folder, "report.html");
    const { code, stdout, stderr } = await ctlProcess([
      "bench",
      "--driver",
      "memory",
      ...SMALL,
      "--report",
      report,
    ]);
    assertEquals(code, 0, stderr);
    assertMatch(stdout, /^produce +[\d.]+ [kM]/m);
    assertMatch(stdout, /^latency: p50 /m);
    const page = readFileSync(report, "utf8");
    for (const title of ["Throughput by batch size", "Throughput by data size", "From push to pull"]) {
      assertStringIncludes(page, title);
    }
    assertEquals(/NaN|undefined|Infinity/.test(page), false);
  });
});

test("bench uses a given topic, as upstream's programs do, and keeps it", async () => {
  await withFolder(async ({ folder }) => {
    const driver = ["--driver", "files", "--driver.root_path", folder];
    assertEquals((await ctl(["topic", "create", "--name", "t", ...driver])).code, 0);
    const produced = await ctlProcess(
      [
        "bench",
        "produce",
        "-n",
        "100",
        "-m",
        "16",
        "-s",
        "128",
        "-b",
        "8",
        "-f",
        "10",
        "-p",
        "1",
        "--topic",
        "t",
      ]
        .concat(driver),
    );
    assertEquals(produced.code, 0, produced.stderr);
    const consumed = await ctlProcess(
      ["bench", "consume", "--topic", "t", "-n", "60", "--data-selectivity", "0.5", "--data-interest", "0.5"]
        .concat("--json", driver),
    );
    assertEquals(consumed.code, 0, consumed.stderr);
    const { what, events, bytes } = JSON.parse(consumed.stdout).results[0];
    assertEquals([what, events, bytes], ["consume", 60, 30 * 64]);
    assertEquals(JSON.parse((await ctl(["topic", "describe", "t", "--json", ...driver])).stdout).name, "t");
  });
});

test("bench says what is wrong with its options", async () => {
  const wrong: [string[], RegExp][] = [
    [["--data-interest", "1.5"], /"--data-interest" takes a share from 0 to 1/],
    [["--processes", "2"], /one process/],
    [["--num-events", "0"], /"--num-events" must be above 0/],
    [["sideways"], /produce, consume, latency/],
  ];
  for (const [words, message] of wrong) {
    const { code, stderr } = await ctl(["bench", "--driver", "memory", ...words]);
    assertEquals(code, 2, stderr);
    assertMatch(stderr, message);
  }
});

test("bench that ends early leaves no empty page", async () => {
  await withFolder(async ({ folder }) => {
    const report = join(folder, "report.html");
    const { code } = await ctl(["bench", "--store", folder, "--driver.locking", "1", "--report", report]);
    assertEquals([code, existsSync(report)], [2, false]);
  });
});

test("bench refuses to read a topic without events, and measures the latency of a single one", async () => {
  await withFolder(async ({ root }) => {
    assertEquals((await ctl(["topic", "create", "t", "--store", root])).code, 0);
    const empty = await ctlProcess(["bench", "consume", "--topic", "t", "--store", root]);
    assertEquals(empty.code, 2, empty.stderr);
    assertStringIncludes(empty.stderr, 'Topic "t" has no events to read');
    const words = ["bench", "latency", "--store", root, "--rate", "1", "--duration", "0.1", "--json"];
    const { code, stdout, stderr } = await ctlProcess(words);
    assertEquals(code, 0, stderr);
    const { latency_ms: { events, p50 } } = JSON.parse(stdout);
    assert(events === 1 && p50 > 0, stdout);
  });
});

test("bench of a missing topic fails with exit code 4", async () => {
  await withFolder(async ({ folder }) => {
    const { code, stderr } = await ctlProcess(
      ["bench", "produce", "--topic", "missing", "--driver", "files", "--driver.root_path", folder],
    );
    assertEquals(code, 4, stderr);
  });
});

test("several rounds are one result, with the spread of all", async () => {
  await withFolder(async ({ root }) => {
    const words = ["bench", "produce", "--store", root, "--num-events", "200", "--rounds", "3", "--json"];
    const { code, stdout, stderr } = await ctlProcess(words);
    assertEquals(code, 0, stderr);
    const { results, environment } = JSON.parse(stdout);
    assertEquals([results.length, results[0].rounds_events_per_second.length], [1, 3]);
    assert(results[0].spread >= 0 && Number(environment.load) >= 0);
    assertEquals((await ctl(["bench", "--store", root, "--rounds", "0"])).code, 2);
  });
});
