// Programs that use Kafka in separate processes, on every runtime.
import { assertEquals, assertMatch } from "@std/assert";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Driver } from "../../mod.ts";
import { ctl, programScript, type Running, start, startCtl, until as untilAsync } from "../cli/program.ts";
import { run, RUNTIMES } from "../components/runtimes.ts";
import { RUNTIMES as SIGNALLED } from "../examples/runtimes.ts";
import { test } from "../harness.ts";
import { brokerMissing, Cluster } from "../../tools/kafka/broker.ts";
import { Pushing, until } from "./traffic.ts";

const cluster = brokerMissing === false
  ? await Cluster.start({ properties: { "group.min.session.timeout.ms": "1000" } })
  : undefined;
const skip = brokerMissing;
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "diaspora-kafka-programs-")));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const HISTOGRAM = [
  "partition 0: 25 events, energy 0 to 24",
  "partition 1: 25 events, energy 25 to 49",
  "partition 2: 25 events, energy 50 to 74",
  "partition 3: 25 events, energy 75 to 99",
].join("\n");

const FILES_OPTIONS = 'Driver.open("files", { root_path: rootPath';

/** The example, importing the library in the repository, with another driver and its options. */
function copyOfExample(folder: string): string {
  const example = join(folder, "examples/energy");
  mkdirSync(example, { recursive: true });
  cpSync(join(ROOT, "examples/energy"), example, { recursive: true });
  writeFileSync(join(folder, "mod.ts"), `export * from ${JSON.stringify(join(ROOT, "mod.ts"))};\n`);
  writeFileSync(join(folder, "package.json"), '{"type": "module"}\n');
  const servers = JSON.stringify({ "bootstrap.servers": cluster!.servers });
  for (const program of ["create.ts", "read.ts"]) {
    const pieces = readFileSync(join(example, program), "utf8").split(FILES_OPTIONS);
    assertEquals(pieces.length, 2, `${program} opens its driver in another way`);
    writeFileSync(join(example, program), pieces.join(`Driver.open("kafka", { kafka: ${servers}`));
  }
  return example;
}

test("kafka: the energy example runs unchanged except for the driver's line, on every runtime", {
  skip,
}, async () => {
  await inFolder(async (folder) => {
    const example = copyOfExample(folder);
    const created = await run([...RUNTIMES.node, join(example, "create.ts")], folder);
    assertEquals(created.code, 0, created.errors);
    assertMatch(created.output, /pushed 100 .*\nrefused: .*found 120/);
    for (const runtime of Object.keys(RUNTIMES)) {
      const read = await run([...RUNTIMES[runtime], join(example, "read.ts")], folder);
      assertEquals(read.code, 0, `${runtime}: ${read.errors}`);
      assertEquals(read.output.trim(), HISTOGRAM, runtime);
    }
  });
});

/** Options that name the broker. */
function ofKafka(): string[] {
  return ["--driver", "kafka", "--driver.kafka.bootstrap.servers", cluster!.servers];
}

test("kafka: events are forwarded from files to Kafka and back, each once", {
  skip,
}, async () => {
  await inFolder(async (folder) => {
    const files = ["--driver", "files", "--driver.root_path", join(folder, "store")];
    const kafka = ofKafka();
    for (const [topic, driver] of [["start", files], ["between", kafka], ["end", files]] as const) {
      const created = await ctl(["topic", "create", topic, "--topic.num_partitions", "3", ...driver]);
      assertEquals(created.code, 0, created.stderr);
    }
    const input = Array.from({ length: 200 }, (_, id) => btoa(String.fromCharCode(id % 256).repeat(id * 7)))
      .join("\n");
    const metadata = ["--metadata", '{"big": 12345678901234567890}'];
    await ctl(["produce", "start", "--format", "base64", ...metadata, ...files], { input });
    const config = join(folder, "forward.yaml");
    writeFileSync(config, forwardConfig(folder));
    const linesOf = async (topic: string, words: readonly string[]): Promise<string[]> =>
      (await ctl(["consume", topic, "--data", "base64", ...words])).stdout.split("\n").slice(0, -1);
    const forward = async (count: number): Promise<void> => {
      const daemon = startCtl(["forward", "--config", config]);
      const isThere = async (): Promise<boolean> => (await linesOf("end", files)).length >= count;
      await untilAsync("all came through", isThere, 60_000);
      daemon.signal("SIGTERM");
      assertEquals((await daemon.ended).code, 0, daemon.stderr());
    };
    await forward(200);
    for (const partition of ["0", "1", "2"]) {
      const only = ["--partition", partition];
      const expected = await linesOf("start", [...only, ...files]);
      assertEquals(await linesOf("between", [...only, ...kafka]), expected);
      assertEquals(await linesOf("end", [...only, ...files]), expected);
    }
    await ctl(["produce", "start", ...files], { input: '"new"\n' });
    await forward(201);
    assertEquals((await linesOf("end", files)).length, 201);
    assertEquals((await linesOf("between", kafka)).length, 201);
  });
});

function forwardConfig(folder: string): string {
  return `
drivers:
  here: { type: files, options: { root_path: ${JSON.stringify(join(folder, "store"))} } }
  there: { type: kafka, options: { kafka: { bootstrap.servers: "${cluster!.servers}" } } }
forward:
  - { from: here/start, to: there/between }
  - { from: there/between, to: here/end }
`;
}

test("kafka: the examples of the guide run as printed", { skip }, async () => {
  const page = readFileSync(join(ROOT, "docs/kafka.md"), "utf8").replaceAll(
    "localhost:9092",
    cluster!.servers,
  );
  const blocks = [...page.matchAll(/^ *```(\w+)[^\n]*\n(.*?)^ *```$/gms)];
  await inFolder(async (folder) => {
    const [commands] = blocks.find(([, language, text]) =>
      language === "sh" && text.includes("diaspora-ctl")
    )!;
    const script = commands.split("\n").slice(1, -1).join("\n");
    const path = dirname(programScript(folder));
    const shell = await run(["bash", "-euo", "pipefail", "-c", `PATH="${path}:$PATH"\n${script}`], folder);
    assertEquals([shell.code, shell.output], [0, '{"energy": 42}\n'], shell.errors);
    const [, , program] = blocks.find(([, language]) => language === "ts")!;
    const file = join(folder, "program.ts");
    writeFileSync(file, program.replace("@diaspora/stream", join(ROOT, "mod.ts")));
    const ended = await run([...RUNTIMES.deno, file], folder);
    assertEquals(ended.code, 0, ended.errors);
    const lag = await ctl(["consumer", "lag", "measurements", "--name", "reader", "--json", ...ofKafka()]);
    // Each of two partitions has 500 events, of which the 401st was the last to be acknowledged.
    assertEquals(JSON.parse(lag.stdout).events, 2 * 99);
    const [, , yaml] = blocks.find(([, language]) => language === "yaml")!;
    const config = join(folder, "forward.yaml");
    const store = join(folder, "store");
    writeFileSync(config, yaml.replaceAll(/^ {3}/gm, "").replace("/data/streams", store));
    const files = ["--driver", "files", "--driver.root_path", store];
    await ctl(["topic", "create", "readings", "--topic.num_partitions", "3", ...files]);
    await ctl(["produce", "readings", ...files], { input: '"old"\n' });
    const daemon = startCtl(["forward", "--config", config]);
    await untilAsync("the old one has come", async () => {
      const { stdout } = await ctl(["consume", "readings", ...ofKafka()]);
      return stdout.includes('"old"');
    }, 60_000);
    daemon.signal("SIGTERM");
    assertEquals((await daemon.ended).code, 0, daemon.stderr());
  });
});

/** A consumer in a separate process. */
class Worker {
  /** Partitions and ids of the events that it got. */
  readonly places = new Set<string>();
  isReady = false;
  readonly running: Running;

  constructor(command: readonly string[], topic: string) {
    const program = join(ROOT, "tests/kafka/worker_child.ts");
    this.running = start([...command, program, cluster!.servers, topic, "workers"], { keepInput: true });
    let rest = "";
    this.running.child.stdout!.on("data", (bytes) => {
      const lines = (rest + String(bytes)).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (line === "ready") this.isReady = true;
        else this.places.add(line);
      }
    });
  }

  /** Kills it, if it is still running. */
  [Symbol.asyncDispose](): Promise<void> {
    this.running.signal("SIGKILL");
    return this.running.ended.then(() => {});
  }

  /** The partitions it read from. */
  get partitions(): Set<string> {
    return new Set([...this.places].map((place) => place.split(":")[0]));
  }
}

test("kafka: partitions of a killed consumer move to the others, and every event is delivered", {
  skip,
}, async () => {
  await using driver = await Driver.open("octopus", { kafka: { "bootstrap.servers": cluster!.servers } });
  await driver.createTopic("killed", { num_partitions: 6 });
  await using topic = await driver.openTopic("killed");
  await using started = new AsyncDisposableStack();
  const workers = Object.values(SIGNALLED).map((command) => started.use(new Worker(command, "killed")));
  const state = (): string =>
    workers.map(({ places, partitions, running }) =>
      `\n${places.size} events of ${[...partitions].join()} ${running.stderr()}`
    ).join("");
  await until("every worker ready", () => workers.every(({ isReady }) => isReady), { state });
  await using pushing = new Pushing(topic, 100);
  const [victim, ...others] = workers;
  await until("each of them reading", () => workers.every(({ places }) => places.size > 50), { state });
  victim.running.signal("SIGKILL");
  assertEquals((await victim.running.ended).code, null);
  const left = victim.partitions;
  await until("its partitions with the others", () => {
    const taken = new Set(others.flatMap(({ partitions }) => [...partitions]));
    return [...left].every((partition) => taken.has(partition));
  }, { state });
  await pushing.stop();
  await until("every event read", () => {
    const seen = new Set(workers.flatMap(({ places }) => [...places]));
    return [...pushing.stored.keys()].every((place) => seen.has(place));
  }, { state });
  for (const { running } of others) running.child.stdin!.end();
  for (const { running } of others) assertEquals((await running.ended).code, 0, running.stderr());
  // What the killed one had received and not acknowledged, the others got again and acknowledged.
  assertEquals((await topic.lag("workers")).map(({ events }) => events), [0, 0, 0, 0, 0, 0]);
});
