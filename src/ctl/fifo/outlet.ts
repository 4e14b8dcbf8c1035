import { type Consumer, ConsumerDeletedError, type Event } from "../../../mod.ts";
import { acknowledgePrinted } from "../consume/open_consumer.ts";
import { metadataLine } from "../../event/json_line.ts";
import { rawLine } from "../consume/printer.ts";
import type { Log } from "../console/log.ts";
import { oneLine } from "../report.ts";
import type { FifoCommand } from "./control_line.ts";
import { type LineBlock, LineWriter } from "./line_writer.ts";

const encoder = new TextEncoder();
const NEWLINE = 0x0a;

/** What is needed to move events from a topic to a FIFO. */
interface Outlet {
  command: FifoCommand;
  consumer: Consumer;
  log: Log;
  signal: AbortSignal;
}

/** Writes each event's metadata as a line to a FIFO, until the signal is aborted. */
export async function runOutlet(outlet: Outlet): Promise<void> {
  const { command, consumer, log, signal } = outlet;
  const { format, ack } = command.options;
  const writer = new LineWriter(command.path, signal);
  const line = format === "raw" ? rawLine : metadataLine;
  try {
    // No event is consumed before there is a reader.
    if (!await writer.open()) return;
    log.info(`FIFO "${command.path}" has a reader`);
    for await (const batch of consumer.batches({ signal })) {
      const written = await writer.write(encodeLines(batch, line));
      const last = batch[written - 1];
      if (ack && last !== undefined) {
        await acknowledgePrinted(last, log).catch((error) => {
          if (error instanceof ConsumerDeletedError) throw error;
          // A later one covers it.
          log.error(`FIFO "${command.path}": not acknowledged: ${oneLine(error)}`);
        });
      }
      if (written < batch.length) return;
    }
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
  } finally {
    writer.close();
  }
}

/** All lines of a batch, encoded together. */
function encodeLines(batch: readonly Event[], line: (event: Event) => string): LineBlock {
  const bytes = encoder.encode(batch.map(line).join("\n") + "\n");
  // A raw text may itself contain line breaks: count the ends of lines only.
  if (batch.length === 1) return { bytes, ends: [bytes.length] };
  const ends: number[] = [];
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) ends.push(at + 1);
  return ends.length === batch.length ? { bytes, ends } : encodeSingly(batch, line);
}

function encodeSingly(batch: readonly Event[], line: (event: Event) => string): LineBlock {
  const parts = batch.map((event) => encoder.encode(`${line(event)}\n`));
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  const ends: number[] = [];
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    ends.push(at += part.length);
  }
  return { bytes, ends };
}
