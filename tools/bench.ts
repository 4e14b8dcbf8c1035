/**
 * Measures the files driver through the public interface, compared with plain reads and writes of the same
 * bytes: `npm run bench -- --help`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cold } from "../bench/suite/cold.ts";
import { durability, durablePushes, durablePushesText } from "../bench/suite/durability.ts";
import { growth } from "../bench/suite/growth.ts";
import { kafka, KAFKA_HEAD, kafkaText } from "../bench/suite/kafka.ts";
import { benchOptions } from "../bench/suite/options.ts";
import { latency, latencyText } from "../bench/suite/latency.ts";
import { processes } from "../bench/suite/processes.ts";
import { type Section, sectionText } from "../bench/suite/report.ts";
import { reportPage, sectionCharts } from "../bench/suite/report_page.ts";
import { RUNTIMES, starterOn } from "../bench/suite/runtimes.ts";
import { throughput } from "../bench/suite/throughput.ts";
import { environment } from "../src/ctl/bench/environment.ts";
import { scaled, WORKLOADS } from "../src/ctl/bench/workload.ts";

const args = benchOptions({
  program: "npm run bench",
  about:
    "Measures the files driver through the public interface, beside plain reads and writes of the same bytes.",
  examples: [
    "",
    "--scale 0.1 --workloads W1,W3 --on deno,node --only 'produce'",
    "--sections growth --events-max 1e8",
    "--sections throughput --cpp ./bench_cpp   # a program of yours on the C++ library, in the same tables",
    "--sections kafka --scale 0.3   # beside the bare client, on a broker of its own",
  ],
}, {
  sections: {
    about: "some",
    among: ["throughput", "durability", "latency", "processes", "growth", "cold", "kafka"],
    default: "throughput,durability,latency,processes",
  },
  workloads: {
    about: "events of 100 B metadata with 0, 1 KiB, 64 KiB or 1 MiB of data: some",
    among: Object.keys(WORKLOADS),
    default: "W1,W2,W3,W4",
  },
  on: { about: "runtimes, some", among: RUNTIMES, default: "deno" },
  partitions: { about: "how many, one table each", default: "1,4" },
  scale: { about: "of the number of events", default: 1 },
  rounds: { about: "medians are of this many", default: 3 },
  seconds: { about: "of measuring latency", default: 10 },
  cpp: { about: "a program that does the workloads with the C++ library; see bench/suite/cpp.ts" },
  "events-max": { about: "of the section growth", default: 1e7 },
  only: { about: "measurements whose name matches this pattern" },
  folder: { about: "where the files go", default: tmpdir() },
  json: { about: "a file for the results" },
  report: { about: "a file for a page (HTML) with plots" },
});
const list = (name: string): string[] => args[name]!.split(",");
const [scale, rounds] = [Number(args["scale"]), Number(args["rounds"])];
mkdirSync(String(args["folder"]), { recursive: true });
const folder = mkdtempSync(join(String(args["folder"]), "diaspora-bench-"));
const results: unknown[] = [];
const charts: string[] = [];

function tell(section: Section): void {
  results.push(section);
  charts.push(...sectionCharts(section));
  console.log(sectionText(section));
}

/** What each section measures on one runtime. */
const SECTIONS: Record<string, (runtime: string) => Promise<void>> = {
  async throughput(runtime) {
    const only = args["only"] === undefined ? undefined : new RegExp(String(args["only"]));
    const partitions = list("partitions").map(Number);
    const settings = {
      folder,
      workloads: list("workloads"),
      partitions,
      scale,
      rounds,
      only,
      cpp: args["cpp"],
    };
    for await (const section of throughput(runtime, settings)) tell(section);
  },
  async durability(runtime) {
    tell(await durability(runtime, { folder, scale: scale / 5, rounds }));
    const pushes = await durablePushes(starterOn(runtime), folder, Math.max(20, Math.round(1000 * scale)));
    results.push({ runtime, pushes });
    console.log(durablePushesText(runtime, pushes));
  },
  async latency(runtime) {
    for (const dataBytes of [0, 64 * 1024]) {
      const settings = { rate: 1000, seconds: Number(args["seconds"]), dataBytes };
      const found = await latency(starterOn(runtime), folder, settings);
      results.push({ runtime, dataBytes, found });
      console.log(`${latencyText(runtime, found)}\ndata of an event        ${dataBytes} B`);
    }
  },
  async processes(runtime) {
    for (const workload of ["W1", "W2"]) {
      const shape = scaled(WORKLOADS[workload], scale);
      tell(await processes(starterOn(runtime), { folder, shape, counts: [1, 2, 4, 8], rounds }));
    }
  },
  async cold(runtime) {
    tell(await cold(runtime, { starter: starterOn(runtime), folder, scale, rounds }));
  },
  async kafka(runtime) {
    console.log(`\nThe octopus driver beside its client library on ${runtime}\n${KAFKA_HEAD}`);
    const workloads = list("workloads").filter((name) => name !== "W4");
    const settings = { workloads, partitions: list("partitions").map(Number), scale, rounds };
    for await (const compared of kafka(runtime, settings)) {
      results.push(compared);
      console.log(kafkaText(compared));
    }
  },
  async growth(runtime) {
    const settings = { folder, scale, eventsMax: Number(args["events-max"]) };
    for await (const section of growth(starterOn(runtime), settings)) tell(section);
  },
};

console.log(Object.values(environment()).join(", "));
try {
  for (const runtime of list("on")) {
    for (const section of list("sections")) await SECTIONS[section](runtime);
  }
} finally {
  rmSync(folder, { recursive: true });
}
if (args["json"] !== undefined) {
  writeFileSync(String(args["json"]), JSON.stringify({ environment: environment(), results }, null, 2));
}
if (args["report"] !== undefined) {
  writeFileSync(args["report"], reportPage("Diaspora Stream: measurements", charts));
}
