import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Driver, Topic } from "../../../mod.ts";
import type { Log } from "../console/log.ts";
import { oneLine, reportError } from "../report.ts";
import { decodeLines } from "../lines/decode_lines.ts";
import { claimFifo } from "./claimed_fifo.ts";
import { type FifoCommand, parseControlLine } from "./control_line.ts";
import { type Inlet, runInlet } from "./inlet.ts";
import { readLines } from "./line_reader.ts";
import { runOutlet } from "./outlet.ts";
import { stateOfPath } from "./pipe_files.ts";

/** A command consists of a few paths and options. */
const COMMAND_BYTES_MAX = 64 * 1024;

/** A FIFO in use. */
interface Running {
  /** Stops it; what was written before is still moved. */
  stop(): void;
  done: Promise<void>;
}

/**
 * Executes the commands written to a control FIFO. Every FIFO runs independently: a stuck one does not stop the
 * others.
 */
export class FifoDaemon {
  readonly #driver: Driver;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  readonly #topics = new Map<string, Promise<Topic>>();
  readonly #running = new Map<string, Running>();

  constructor(options: { driver: Driver; log: Log; signal: AbortSignal }) {
    this.#driver = options.driver;
    this.#log = options.log;
    this.#signal = options.signal;
  }

  /** Creates the control FIFO and executes commands until the signal is aborted; then stops all FIFOs. */
  async run(controlFile: string): Promise<void> {
    mkdirSync(dirname(controlFile), { recursive: true });
    const control = await claimFifo(controlFile);
    this.#log.info(`Control FIFO "${controlFile}" is ready`);
    try {
      const onTooLong = (): void =>
        this.#log.warn(`Cannot run a command of more than ${COMMAND_BYTES_MAX} bytes`);
      const limit = { bytesMax: COMMAND_BYTES_MAX, onTooLong };
      for await (const result of readLines(control.descriptor, this.#signal, limit)) {
        if (result.kind === "idle") continue;
        for (const line of decodeLines(result.block).lines) await this.#follow(line);
      }
    } finally {
      control.remove();
      this.#log.info("Stopping: finishing work in progress");
      await Promise.all([...this.#running.values()].map(({ done }) => done));
      for (const topic of this.#topics.values()) await (await topic.catch(() => undefined))?.close();
    }
  }

  /** Executes one command. Its errors are logged; the daemon continues. */
  async #follow(line: string): Promise<void> {
    if (line.trim() === "") return;
    const parsed = parseControlLine(line);
    if ("fault" in parsed) {
      this.#log.warn(`Cannot run command ${JSON.stringify(line)}: ${parsed.fault}`);
      return;
    }
    const { command, warnings } = parsed;
    for (const warning of warnings) {
      this.#log.warn(`${warning} in command ${JSON.stringify(line)}: ignored`);
    }
    const running = this.#running.get(command.path);
    if (running !== undefined && stateOfPath(command.path) === "fifo") {
      this.#log.warn(`Cannot run command ${JSON.stringify(line)}: FIFO "${command.path}" is in use`);
      return;
    }
    // The FIFO was removed: no writer can reach it any more.
    running?.stop();
    await running?.done;
    const stopping = new AbortController();
    const signal = AbortSignal.any([this.#signal, stopping.signal]);
    try {
      const work = command.direction === "in"
        ? await this.#startInlet(command, signal)
        : await this.#startOutlet(command, signal);
      const arrow = command.direction === "in" ? "->" : "<-";
      this.#log.info(`FIFO "${command.path}" ${arrow} topic "${command.topic}"`);
      const done = this.#watch(command.path, work);
      this.#running.set(command.path, { stop: () => stopping.abort(), done });
    } catch (error) {
      this.#log.error(`Cannot run command ${JSON.stringify(line)}: ${oneLine(error)}`);
    }
  }

  /** Waits for the end of a FIFO's work, and logs how it ended. */
  async #watch(path: string, work: { done: Promise<void> }): Promise<void> {
    try {
      await work.done;
    } catch (error) {
      this.#log.error(`FIFO "${path}" ended: ${oneLine(error)}`);
      if (this.#log.shows("trace")) reportError(error, this.#log);
    } finally {
      this.#running.delete(path);
    }
  }

  async #startInlet(command: FifoCommand, signal: AbortSignal): Promise<{ done: Promise<void> }> {
    const topic = await this.#openTopic(command.topic);
    const producer = topic.producer("diaspora-ctl", { batchSize: command.options.batchSize });
    try {
      const fifo = await claimFifo(command.path);
      return { done: this.#moveIn({ command, fifo, producer, log: this.#log, signal }) };
    } catch (error) {
      await producer.close();
      throw error;
    }
  }

  async #moveIn(inlet: Inlet): Promise<void> {
    try {
      await runInlet(inlet);
    } finally {
      inlet.fifo.remove();
      await inlet.producer.close();
    }
  }

  async #startOutlet(command: FifoCommand, signal: AbortSignal): Promise<{ done: Promise<void> }> {
    const topic = await this.#openTopic(command.topic);
    const state = stateOfPath(command.path);
    if (state === "nothing") throw new Error(`there is no FIFO "${command.path}"; make it with mkfifo`);
    if (state === "other") throw new Error(`"${command.path}" exists and is not a FIFO`);
    const { batchSize, name, group } = command.options;
    const consumer = topic.consumer(name ?? command.path, group ? { batchSize, group } : { batchSize });
    const run = async (): Promise<void> => {
      try {
        await runOutlet({ command, consumer, log: this.#log, signal });
      } finally {
        await consumer.close();
      }
    };
    return { done: run() };
  }

  /** FIFOs share topics; the next command retries one that could not be opened. */
  #openTopic(name: string): Promise<Topic> {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const topic = this.#driver.openTopic(name);
    this.#topics.set(name, topic);
    topic.catch(() => this.#topics.delete(name));
    return topic;
  }
}
