// Members of a group with files, in simulated processes with simulated clocks.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConsumerInterface, ConsumerRequest, TopicInterface } from "../../../src/contract.ts";
import { FilesDriver } from "../../../src/drivers/files/driver.ts";
import type { GroupEnvironment } from "../../../src/groups/failure_detector.ts";
import type { MemberProcess } from "../../../src/groups/roster.ts";
import type { Storage } from "../../../src/storage/port.ts";

/** Of the topics that tests make. */
export const COMPONENTS = {
  validator: { type: "default" },
  partitionSelector: { type: "default" },
  serializer: { type: "default" },
};
/** Of the members, unless they say otherwise. */
export const TIMEOUT_MS = 1000;
/** What members ask for, unless they say otherwise. */
export const REQUEST: ConsumerRequest = {
  from: "earliest",
  onCorruption: "throw",
  dataWanted: false,
  group: true,
  groupTimeoutMs: TIMEOUT_MS,
};

/** The machines of one test: a common clock, and processes that exist or have ended. */
export class Machines {
  nowMs = 0;
  readonly gone = new Set<number>();
  readonly programs: Program[] = [];

  constructor(readonly rootPath: string) {}

  /** Opens the topic in a separate process. */
  async open(
    pid: number,
    { host = "here", storage }: { host?: string; storage?: Storage } = {},
  ): Promise<Program> {
    const program = new Program(this, { host, pid, started: `at ${pid}` });
    const driver = new FilesDriver({ root_path: this.rootPath }, storage, undefined, program);
    const topic = await driver.openTopic("jobs");
    program.topic = topic;
    this.programs.push(program);
    return program;
  }

  /** The timers of all running processes fire. */
  look(): void {
    for (const program of this.programs) if (!this.gone.has(program.self.pid)) program.look();
  }

  async close(): Promise<void> {
    for (const { topic } of this.programs) await topic.close();
  }
}

/** One process. */
export class Program implements GroupEnvironment {
  topic!: TopicInterface;
  readonly #schedule = new Set<() => void>();

  constructor(private readonly machines: Machines, readonly self: MemberProcess) {}

  isGone({ pid }: MemberProcess, _thorough: boolean): boolean {
    return this.machines.gone.has(pid);
  }

  elapsedMs(): number {
    return this.machines.nowMs;
  }

  every(_ms: number, call: () => void): () => void {
    this.#schedule.add(call);
    return () => void this.#schedule.delete(call);
  }

  soon(): () => void {
    return () => {};
  }

  sleep(ms: number): Promise<void> {
    return sleep(ms);
  }

  /** Opens a member of the group. */
  async join(request: Partial<ConsumerRequest> = {}): Promise<ConsumerInterface> {
    const consumer = this.topic.consumer("workers", { ...REQUEST, ...request });
    const timer = setInterval(() => this.machines.look(), 3);
    try {
      await consumer.open();
    } finally {
      clearInterval(timer);
    }
    return consumer;
  }

  /** Its timers fire. */
  look(): void {
    for (const call of this.#schedule) call();
  }
}

/** Runs `body` with a topic "jobs" of five events in each partition. */
export async function during(body: (machines: Machines) => Promise<void>, numPartitions = 2): Promise<void> {
  const rootPath = await mkdtemp(join(tmpdir(), "diaspora-members-"));
  const machines = new Machines(rootPath);
  try {
    const driver = new FilesDriver({ root_path: rootPath });
    await driver.createTopic("jobs", { options: { num_partitions: numPartitions }, ...COMPONENTS });
    const topic = await driver.openTopic("jobs");
    const producer = topic.producer("boss");
    for (let partition = 0; partition < numPartitions; partition++) {
      for (let n = 0; n < 5; n++) producer.append(partition, { count: 1, metadata: [`${n}`], dataBytes: 0 });
    }
    await producer.close();
    await topic.close();
    await body(machines);
  } finally {
    await machines.close();
    await rm(rootPath, { recursive: true });
  }
}

/** Time passes in which these processes run, and the others are stopped. */
export function pass(machines: Machines, ms: number, ...running: Program[]): void {
  for (let passed = 0; passed < ms; passed += 100) {
    machines.nowMs += 100;
    for (const program of running) program.look();
  }
}
