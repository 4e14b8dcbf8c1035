import { Buffer } from "node:buffer";
import { createReadStream, statSync } from "node:fs";
import type { Readable } from "node:stream";
import { readChunks } from "../../lines/chunks.ts";
import { decodeLines } from "../../lines/decode_lines.ts";
import { LineSplitter } from "../../lines/line_splitter.ts";
import { LineError } from "../../produce/line_producer.ts";
import { UsageError } from "../../usage_error.ts";
import type { ImportedEvent, ImportJob, ImportSource } from "../contract.ts";
import { fileOption } from "../options.ts";
import { memberTexts } from "./members.ts";

/** Reads JSON Lines as `export --to jsonl` writes them; `partition` and `data` may be missing. */
export async function openSource({ options, console, signal }: ImportJob): Promise<ImportSource> {
  const path = fileOption("from", options);
  const size = path === "-" ? undefined : sizeOf(path);
  const open = (): Readable => path === "-" ? console.input : createReadStream(path);
  // A new topic needs as many partitions as the events name. A stream can be read only once: it gets one.
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
  let number = 0;
  const parse = function* (block: Uint8Array): Generator<ImportedEvent, void, void> {
    const { lines, malformed } = decodeLines(block);
    for (const [index, line] of lines.entries()) {
      number++;
      if (line.trim() === "") continue;
      try {
        if (index === malformed) throw new Error("it is not UTF-8");
        yield { number, ...parseEvent(line) };
      } catch (error) {
        throw new LineError(number, error);
      }
    }
  };
  const splitter = new LineSplitter();
  for await (const chunk of readChunks(stream, signal)) {
    let block: Uint8Array | undefined;
    try {
      block = splitter.push(chunk);
    } catch (error) {
      throw new LineError(number + 1, error);
    }
    if (block !== undefined) yield* parse(block);
  }
  const last = splitter.end();
  if (last !== undefined) yield* parse(last);
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
    throw new Error('"data" must be a text in base64');
  }
  const bytes = typeof data === "string" ? new Uint8Array(Buffer.from(data, "base64")) : undefined;
  if (
    bytes !== undefined && bytes.length !== Math.floor(((data as string).replace(/=+$/, "").length * 3) / 4)
  ) {
    throw new Error('"data" is not base64');
  }
  return {
    ...(partition === undefined ? {} : { partition: partition as number }),
    document,
    ...(bytes === undefined ? {} : { data: bytes }),
    dataBytes: bytes?.length ?? 0,
  };
}

const OWN_HEAD = /^\{"partition":\d+,"id":\d+,"timestamp":[\d.]+,"metadata":/;

/** The source text of the metadata: found at once in lines as we write them, by a scan in others. */
function metadataText(line: string, parsed: { data?: unknown }): string | undefined {
  const head = OWN_HEAD.exec(line)?.[0].length;
  if (head !== undefined) {
    const last = Object.keys(parsed).at(-1);
    if (last === "metadata" && line.endsWith("}")) return line.slice(head, -1);
    const tail = `,"data":"${parsed.data}"}`;
    if (last === "data" && line.endsWith(tail)) return line.slice(head, -tail.length);
  }
  return memberTexts(line)?.get("metadata");
}

/** The highest partition number in the file; wrong lines are left to the import itself. */
async function highestPartition(stream: Readable, signal: AbortSignal): Promise<number> {
  let highest = 0;
  const member = /"partition"\s*:\s*(\d+)/;
  const splitter = new LineSplitter();
  for await (const chunk of readChunks(stream, signal)) {
    const block = splitter.push(chunk);
    for (const line of block === undefined ? [] : decodeLines(block).lines) {
      const found = line.startsWith('{"partition":')
        ? member.exec(line)?.[1]
        : memberTexts(line)?.get("partition");
      const number = Number(found ?? 0);
      if (Number.isSafeInteger(number) && number > highest) highest = number;
    }
  }
  return highest;
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (cause) {
    throw new UsageError(`Cannot read "${path}" given by "--from.file": ${(cause as Error).message}`, {
      cause,
    });
  }
}
