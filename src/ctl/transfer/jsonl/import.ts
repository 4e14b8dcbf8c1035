import { Buffer } from "node:buffer";
import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { LineTooLongError, numberedLines } from "../../lines/numbered_lines.ts";
import { LineError } from "../../produce/line_producer.ts";
import { fileError } from "../../usage_error.ts";
import type { ImportedEvent, ImportJob, ImportSource } from "../contract.ts";
import { fileOption, statOfSource } from "../transfer_options.ts";
import { memberTexts } from "./members.ts";

/** Reads JSON Lines as written by `export --to jsonl`; `partition` and `data` are optional. */
export async function openSource({ options, console, signal }: ImportJob): Promise<ImportSource> {
  const path = fileOption("from", options);
  const size = path === "-" ? undefined : sizeOf(path);
  const open = (): Readable => path === "-" ? console.input : createReadStream(path);
  // A new topic needs as many partitions as the events mention. A stream can be read only once, so it gets one.
  const partitions = size === undefined ? undefined : () => highestPartition(open(), signal);
  return {
    definition: { options: { num_partitions: partitions === undefined ? 1 : 1 + await partitions() } },
    total: size === undefined ? {} : { bytes: size },
    unit: "Line",
    events: () => readEvents(open(), signal),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function* readEvents(stream: Readable, signal: AbortSignal): AsyncGenerator<ImportedEvent, void, void> {
  try {
    for await (const { first, lines, malformed } of numberedLines(stream, signal)) {
      for (const [index, line] of lines.entries()) {
        const number = first + index;
        if (line.trim() === "") continue;
        let event: ImportedEvent;
        try {
          if (index === malformed) throw new Error("it is not UTF-8");
          event = { number, ...parseEvent(line) };
        } catch (error) {
          throw new LineError(number, error);
        }
        yield event;
      }
    }
  } catch (error) {
    throw error instanceof LineTooLongError ? new LineError(error.line, error) : error;
  }
  signal.throwIfAborted();
}

function parseEvent(line: string): Omit<ImportedEvent, "number"> {
  let parsed: { partition?: unknown; metadata?: unknown; data?: unknown };
  try {
    parsed = JSON.parse(line);
  } catch (cause) {
    throw new Error(`it is not JSON: ${(cause as Error).message}`, { cause });
  }
  const document = metadataText(line, parsed);
  if (document === undefined) throw new Error('expected an object with "metadata"');
  const { partition, data } = parsed;
  if (partition !== undefined && !(Number.isSafeInteger(partition) && (partition as number) >= 0)) {
    throw new Error(`"partition" must be a whole number, found ${JSON.stringify(partition)}`);
  }
  if (data !== undefined && data !== null && typeof data !== "string") {
    throw new Error('"data" must be text in base64');
  }
  const bytes = typeof data === "string" ? bytesOf(data) : undefined;
  return {
    ...(partition === undefined ? {} : { partition: partition as number }),
    document,
    ...(bytes === undefined ? {} : { data: bytes }),
    dataBytes: bytes?.length ?? 0,
  };
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Buffer.from(base64, "base64"));
  const { length } = base64.replace(/=+$/, "");
  // Buffer.from() skips characters that are not base64, and a last one that is left of a text cut off.
  if (length % 4 === 1 || bytes.length !== Math.floor(length * 3 / 4)) {
    throw new Error('"data" is not base64');
  }
  return bytes;
}

const OWN_HEAD = /^\{"partition":\d+,"id":\d+,"timestamp":[\d.]+,"metadata":/;

/** The source text of the metadata: found directly in lines written by us, by a scan in others. */
function metadataText(line: string, parsed: { data?: unknown }): string | undefined {
  const text = ownMetadataText(line, parsed);
  // Of two members of that name the last one counts.
  return text === undefined || text.includes('"metadata":') ? memberTexts(line)?.get("metadata") : text;
}

/** Lines of `consume --json` begin alike, and have more members. */
function ownMetadataText(line: string, parsed: { data?: unknown }): string | undefined {
  const head = OWN_HEAD.exec(line)?.[0].length;
  if (head === undefined) return undefined;
  const members = Object.keys(parsed);
  if (members.length === 4 && line.endsWith("}")) return line.slice(head, -1);
  const tail = `,"data":"${parsed.data}"}`;
  return members.length === 5 && line.endsWith(tail) ? line.slice(head, -tail.length) : undefined;
}

/** The highest partition number in the file; the import itself reports malformed lines. */
async function highestPartition(stream: Readable, signal: AbortSignal): Promise<number> {
  let highest = 0;
  const member = /"partition"\s*:\s*(\d+)/;
  try {
    for await (const { lines } of numberedLines(stream, signal)) {
      for (const line of lines) {
        const found = line.startsWith('{"partition":')
          ? member.exec(line)?.[1]
          : memberTexts(line)?.get("partition");
        const number = Number(found ?? 0);
        if (Number.isSafeInteger(number) && number > highest) highest = number;
      }
    }
  } catch (error) {
    if (!(error instanceof LineTooLongError)) throw error;
  }
  return highest;
}

function sizeOf(path: string): number {
  try {
    return statOfSource(path).size;
  } catch (cause) {
    throw fileError("read", path, "--from.file", cause);
  }
}
