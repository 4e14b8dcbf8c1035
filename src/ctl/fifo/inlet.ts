import { setTimeout } from "node:timers";
import type { Producer } from "../../../mod.ts";
import type { Log } from "../console/log.ts";
import { decodeLines } from "../lines/decode_lines.ts";
import { oneLine, oneLineWith } from "../report.ts";
import type { ClaimedFifo } from "./claimed_fifo.ts";
import type { FifoCommand } from "./control_line.ts";
import { readLines } from "./line_reader.ts";
import { sleep } from "../../async.ts";
import { counted } from "../../text/counted.ts";

/** More than any engine accepts as metadata: a writer that never ends its line must not exhaust the memory. */
const LINE_BYTES_MAX = 32 * 1024 * 1024;
/** Delays between attempts to store events. */
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 5000;
/** Number of further attempts after the daemon was asked to stop. */
const LAST_ATTEMPTS = 3;

/** What is needed to move lines from a FIFO into a topic. */
interface Inlet {
  command: FifoCommand;
  fifo: ClaimedFifo;
  producer: Producer;
  log: Log;
  signal: AbortSignal;
}

/**
 * Moves lines from a FIFO into a topic until the signal is aborted. It reads further lines only once the previous
 * ones are stored: while the engine cannot store, the writers wait, and nothing is lost.
 */
export async function runInlet(inlet: Inlet): Promise<void> {
  const { command, fifo, log, signal } = inlet;
  const onTooLong = (): void =>
    log.error(`FIFO "${command.path}": line skipped: it has more than ${LINE_BYTES_MAX} bytes`);
  for await (const result of readLines(fifo.descriptor, signal, { bytesMax: LINE_BYTES_MAX, onTooLong })) {
    if (result.kind === "idle") continue;
    const { lines, malformed } = decodeLines(result.block);
    if (malformed !== undefined) {
      log.warn(`FIFO "${command.path}": a line is not UTF-8; its invalid bytes are replaced`);
    }
    await store(
      inlet,
      command.options.format === "json" ? lines.filter(isNotBlank) : lines.map(textDocument),
    );
  }
}

/** Stores JSON documents. Errors of a document itself are logged; transient errors are retried. */
async function store(inlet: Inlet, documents: string[]): Promise<void> {
  const { command, producer, log, signal } = inlet;
  let retryMs = RETRY_MS_MIN;
  let lastAttempts = LAST_ATTEMPTS;
  while (documents.length > 0) {
    const pushed: { document: string; future: ReturnType<Producer["push"]> }[] = [];
    try {
      for (const document of documents) {
        pushed.push({ document, future: producer.push(document) });
        // Engines that store asynchronously accept a limited number of batches at a time.
        if (pushed.length % command.options.batchSize === 0) await producer.ready();
      }
      await producer.flush();
      return;
    } catch (flushError) {
      const again: string[] = [];
      let why: unknown = flushError;
      let failures = 0;
      for (const { document, future } of pushed) {
        try {
          await future;
        } catch (error) {
          failures++;
          if (isFinal(error)) throw error;
          if (isTransient(error)) {
            again.push(document);
            why = error;
          } else {
            log.error(
              `FIFO "${command.path}": line skipped: ${oneLineWith("use format=raw for text", error)}`,
            );
          }
        }
      }
      // Every line is stored, but the disk did not confirm that it is durable.
      if (failures === 0) log.error(`FIFO "${command.path}": ${oneLine(flushError)}`);
      documents = again;
      if (documents.length === 0) return;
      log.error(`FIFO "${command.path}": ${counted(documents.length, "line")} waiting: ${oneLine(why)}`);
    }
    if (signal.aborted && --lastAttempts === 0) {
      throw new Error(
        `FIFO "${command.path}": ${counted(documents.length, "line")} could not be stored before the end`,
      );
    }
    if (signal.aborted) await new Promise((resolve) => setTimeout(resolve, RETRY_MS_MIN));
    else await sleep(retryMs, signal);
    retryMs = Math.min(RETRY_MS_MAX, retryMs * 2);
  }
}

/** Whether the same push may succeed later: any error but an invalid event. */
function isTransient(error: unknown): boolean {
  const { code, canRetry } = error as { code?: string; canRetry?: boolean };
  return canRetry === true || code === "ERR_STORAGE" || code === "ERR_BROKER" || code === "ERR_BACKPRESSURE";
}

/** Whether no further line can ever be stored. */
function isFinal(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "ERR_TOPIC_DELETED" || code === "ERR_CLOSED" || code === "ERR_UNSUPPORTED_FORMAT";
}

function isNotBlank(line: string): boolean {
  return line.trim() !== "";
}

function textDocument(line: string): string {
  return JSON.stringify(line);
}
