// Real Kafka brokers for tests: each has its own ports and folder, and ends with the test process.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Distribution, findDistribution, KAFKA_VERSION, OLDEST_VERSION } from "./distribution.ts";
import { factors, lines, LOG_SETTINGS, quorumProperties } from "./broker_settings.ts";
import { classArchive } from "./class_archive.ts";
import { format } from "./format.ts";
import { accepts, freePorts } from "./ports.ts";
import { allKnown, needsZooKeeper, ZOOKEEPER, zooKeeperProperties } from "./zookeeper.ts";

const START_MS_MAX = 150_000;
const POLL_MS = 50;
/** Memory for a broker with little to do. */
const HEAP = "320m";

// The broker ends when its watchdog does; the watchdog ends when its standard input closes, which happens when
// the process that started it ends for any reason.
const WATCHER = `
  trap "" TERM INT HUP
  exec 3<&0
  "$@" > output.log 2>&1 < /dev/null & broker=$!
  cat <&3 > /dev/null & input=$!
  ( while kill -0 $broker 2>/dev/null; do sleep 0.2; done; kill -9 $input 2>/dev/null ) &
  wait $input
  kill -9 $broker 2>/dev/null
  wait $broker 2>/dev/null
`;

// Removes the brokers' data once they and the process that started them have ended.
const JANITOR = `trap "" TERM INT HUP; cat > /dev/null; while ! rm -rf "$1" 2>/dev/null; do sleep 0.1; done`;

/** Settings of a cluster. */
export interface ClusterSettings {
  /** Number of brokers; all of them are controllers too. Default: 1. */
  brokers?: number;
  /** Additional lines of `server.properties`; {port} and {control} are replaced by the broker's ports. */
  properties?: Record<string, string>;
  /** SCRAM logins that exist from the start, in the format of Kafka's tool. */
  scram?: string[];
  /** Where the first broker listens. Default: a free port. */
  port?: number;
  /** Memory of each broker, in Java's notation. */
  heap?: string;
  /** Version of Kafka. Default: that of the tests. */
  version?: string;
}

/** Why there are no brokers here, or false: for the option `skip` of tests. */
export const brokerMissing: string | false = reasonOf(findDistribution());

/** Why there are no brokers of the oldest supported version, or false; they are not downloaded for tests. */
export function oldestMissing(): string | false {
  return reasonOf(findDistribution(OLDEST_VERSION, false));
}

function reasonOf(distribution: Distribution): string | false {
  return "missing" in distribution ? distribution.missing : false;
}

/** What runs, and where. */
interface Program {
  /** Where it listens on this machine. */
  port: number;
  /** Its settings, its data and its log. */
  folder: string;
  classpath: string;
  /** Memory, in Java's notation. */
  heap: string;
  /** Its class, and the file with its settings; by default a broker's. */
  main?: readonly [string, string];
  /** How long after it was killed it can be started again. */
  restMs?: number;
}

/** One broker of a cluster. */
export class Broker {
  /** The address for clients. */
  readonly address: string;
  #process: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #isRunning = false;
  #killedMs = -Infinity;

  constructor(private readonly program: Program) {
    this.address = `127.0.0.1:${program.port}`;
  }

  /** Starts it; the log of an earlier start is kept. */
  async start(): Promise<void> {
    const { port, folder, classpath, heap, main = ["kafka.Kafka", "server.properties"] } = this.program;
    const restMs = this.#killedMs + (this.program.restMs ?? 0) - performance.now();
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    const java = [
      "java",
      `-Xmx${heap}`,
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      ...await classArchive(classpath),
      `-Dlog4j2.configurationFile=${join(folder, "log4j2.properties")}`,
      "-cp",
      classpath,
      main[0],
      join(folder, main[1]),
    ];
    this.#process = spawn("sh", ["-c", WATCHER, "sh", ...java], {
      stdio: ["pipe", "ignore", "ignore"],
      cwd: folder,
    });
    this.#process.unref();
    this.#isRunning = true;
    this.#ended = new Promise((resolve) => this.#process?.once("exit", resolve)).then(() => {
      this.#isRunning = false;
    });
    const deadline = Date.now() + START_MS_MAX;
    while (!await accepts(port)) {
      if (!this.#isRunning || Date.now() > deadline) {
        throw new Error(`Kafka did not start:\n${this.log("output.log")}\n${this.log().slice(-4000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Kills it without warning, as SIGKILL or a power failure would. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    child.ref();
    child.stdin?.destroy();
    await this.#ended;
    this.#killedMs = performance.now();
  }

  /** The first file of a partition, with its events as they are stored on disk. */
  segment(kafkaName: string, partition: number): string {
    return join(this.program.folder, "data", `${kafkaName}-${partition}`, "00000000000000000000.log");
  }

  /** Removes the events of a partition from its disk while it is down, as if the disk had been replaced. */
  removeLog(kafkaName: string, partition: number): void {
    const folder = dirname(this.segment(kafkaName, partition));
    for (const name of readdirSync(folder)) {
      if (name !== "partition.metadata") rmSync(join(folder, name));
    }
  }

  /** The contents of its log. */
  log(file = "broker.log"): string {
    try {
      return readFileSync(join(this.program.folder, file), "utf8");
    } catch {
      return "";
    }
  }
}

/** Brokers that form a cluster. */
export class Cluster {
  private constructor(
    readonly brokers: readonly Broker[],
    private readonly janitor: ChildProcess,
    /** The ZooKeeper that stores the metadata of old brokers. */
    private readonly keeper?: Broker,
  ) {}

  /** Creates a cluster and starts its brokers. */
  static async start(
    settings: ClusterSettings = {},
  ): Promise<Cluster> {
    const { brokers: count = 1, properties = {}, scram = [], heap = HEAP, version = KAFKA_VERSION } =
      settings;
    const distribution = findDistribution(version);
    if ("missing" in distribution) throw new Error(distribution.missing);
    const folder = mkdtempSync(join(tmpdir(), "diaspora-kafka-cluster-"));
    // In a process group of its own: whatever ends that of the tests must not end it before it has cleaned up.
    const janitor = spawn("sh", ["-c", JANITOR, "sh", folder], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    janitor.unref();
    const ports = await freePorts(count * 2);
    ports[0] = settings.port ?? ports[0];
    const isOld = needsZooKeeper(version);
    const voters = range(count).map((node) => `${node + 1}@127.0.0.1:${ports[count + node]}`).join(",");
    const brokers = range(count).map((node) => {
      const own = join(folder, `node-${node + 1}`);
      mkdirSync(own);
      const port = ports[node];
      writeFileSync(join(own, "log4j2.properties"), LOG_SETTINGS.replace("FILE", join(own, "broker.log")));
      writeFileSync(
        join(own, "server.properties"),
        lines({
          ...(isOld
            ? zooKeeperProperties(node + 1, port, ports[count])
            : quorumProperties(node + 1, port, ports[count + node], voters)),
          "log.dirs": join(own, "data"),
          ...factors(count),
          ...Object.fromEntries(
            Object.entries(properties).map(([key, value]) => [
              key,
              value.replaceAll("{port}", String(port)).replaceAll("{control}", String(ports[count + node])),
            ]),
          ),
        }),
      );
      const restMs = isOld ? ZOOKEEPER.sessionMs + 2 * ZOOKEEPER.tickMs : 0;
      return new Broker({ port, folder: own, classpath: distribution.classpath, heap, restMs });
    });
    const cluster = new Cluster(
      brokers,
      janitor,
      isOld ? zooKeeper(folder, ports[count], distribution.classpath) : undefined,
    );
    try {
      if (isOld) await cluster.keeper!.start();
      else format(distribution.classpath, folder, count, scram);
      await Promise.all(brokers.map((broker) => broker.start()));
      if (isOld) await allKnown(cluster.servers, count);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** Addresses of all brokers, for `bootstrap.servers`. */
  get servers(): string {
    return this.brokers.map(({ address }) => address).join(",");
  }

  /** Kills the brokers and removes their data. */
  async stop(): Promise<void> {
    await Promise.all([...this.brokers, this.keeper].map((broker) => broker?.kill()));
    const ended = new Promise((resolve) => this.janitor.once("exit", resolve));
    this.janitor.ref();
    this.janitor.stdin?.destroy();
    await ended;
  }

  /** Same as `stop`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

function zooKeeper(folder: string, port: number, classpath: string): Broker {
  const own = join(folder, "zookeeper");
  mkdirSync(own);
  writeFileSync(join(own, ZOOKEEPER.file), lines(ZOOKEEPER.properties(own, port)));
  const { heap, program, file } = ZOOKEEPER;
  return new Broker({ port, folder: own, classpath, heap, main: [program, file] });
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
