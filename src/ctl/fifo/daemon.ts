import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Driver, Topic } from "../../../mod.ts";
import type { Log } from "../console/log.ts";
import { oneLine, reportError } from "../report.ts";
import { decodeLines } from "../lines/decode_lines.ts";
import { claimFifo } from "./claimed_fifo.ts";
import { type FifoCommand, parseControlLine } from "./control_line.ts";
import { runInlet } from "./inlet.ts";
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
      const work = await this.#start(command, signal);
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

  /** Starts a FIFO, with a topic of its own: the next command opens one that was deleted and created again. */
  async #start(command: FifoCommand, signal: AbortSignal): Promise<{ done: Promise<void> }> {
    const topic = await this.#driver.openTopic(command.topic);
    try {
      const work = command.direction === "in"
        ? await this.#startInlet(command, topic, signal)
        : this.#startOutlet(command, topic, signal);
      return { done: work.done.finally(() => topic.close()) };
    } catch (error) {
      await topic.close();
      throw error;
    }
  }

  async #startInlet(
    command: FifoCommand,
    topic: Topic,
    signal: AbortSignal,
  ): Promise<{ done: Promise<void> }> {
    const producer = topic.producer("diaspora-ctl", { batchSize: command.options.batchSize });
    const fifo = await claimFifo(command.path);
    const done = runInlet({ command, fifo, producer, log: this.#log, signal });
    return { done: done.finally(() => fifo.remove()) };
  }

  #startOutlet(command: FifoCommand, topic: Topic, signal: AbortSignal): { done: Promise<void> } {
    const state = stateOfPath(command.path);
    if (state === "nothing") throw new Error(`there is no FIFO "${command.path}"; make it with mkfifo`);
    if (state === "other") throw new Error(`"${command.path}" exists and is not a FIFO`);
    const { batchSize, name, group } = command.options;
    const consumer = topic.consumer(name ?? command.path, group ? { batchSize, group } : { batchSize });
    return { done: runOutlet({ command, consumer, log: this.#log, signal }) };
  }
}
