import { Buffer } from "node:buffer";
import type { ServerResponse } from "node:http";
import { DiasporaError, type Event, InvalidMetadataError, type Topic } from "../../mod.ts";
import { openJsonLine } from "../event/json_line.ts";
import { ofPartition } from "../contract/partitions.ts";
import { TAR_BLOCK_BYTES, tarHeader, tarPadding } from "../event/tar_header.ts";
import { BadRequestError, sendPiece } from "./http_response.ts";
import { pieceAt } from "./data_part.ts";
import { filterOf } from "./filter.ts";
import { idAt, ownConsumer } from "./event_reader.ts";
import type { Query } from "./query.ts";

/** Size of the pieces that are read and sent; divisible by three for base64. */
const PIECE_BYTES = 3 * 256 * 1024;
const LINES_CHARS = 64 * 1024;
const BATCH = 1024;

/** A format for search results. */
interface Form {
  ending: string;
  type: string;
  hasData: boolean;
  /** The content for one event, given the first bytes of its data. */
  pieces: (event: Event, first: Uint8Array) => AsyncIterable<string | Uint8Array>;
  end?: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);
const LINES = { ending: "jsonl", type: "application/jsonl; charset=utf-8", pieces: line };
const FORMS: Readonly<Record<string, Form>> = {
  jsonl: { ...LINES, hasData: false },
  data: { ...LINES, hasData: true },
  tar: {
    ending: "tar",
    type: "application/x-tar",
    hasData: true,
    pieces: tarEntry,
    end: new Uint8Array(2 * TAR_BLOCK_BYTES),
  },
};

/**
 * Sends all events found by a search, one partition after the other: as JSON Lines, as written by `export --to
 * jsonl`, with or without data parts; or only the data parts as the files of a tar file. Damaged events are left
 * out, and lines of those whose metadata cannot be deserialized.
 */
export async function sendFound(topic: Topic, query: Query, response: ServerResponse): Promise<void> {
  const as = query.text("as") ?? "jsonl";
  const form = Object.hasOwn(FORMS, as) ? FORMS[as] : undefined;
  if (form === undefined) {
    throw new BadRequestError(`Parameter "as" takes ${Object.keys(FORMS).join(", ")}`);
  }
  const filter = filterOf(query);
  const [only, from, time] = ["partition", "from", "time"].map((name) => query.count(name));
  if (only !== undefined) ofPartition(topic.partitions, only);
  const known = await topic.describe();
  response.writeHead(200, {
    "content-type": form.type,
    "content-disposition": `attachment; filename="${fileName(topic.name)}.${form.ending}"`,
  });
  for (const { partition, firstId, nextId, fault } of known) {
    if (fault !== undefined || only !== undefined && partition !== only) continue;
    const start = from ?? (time === undefined ? firstId : await idAt(topic, partition, time));
    if (start >= nextId) continue;
    await using consumer = ownConsumer(topic, {
      partitions: [partition],
      from: { id: Math.max(start, firstId) },
      batchSize: BATCH,
      onCorruption: "skip",
    });
    let lines = "";
    for await (const batch of consumer.batches({ until: { id: nextId } })) {
      for (const event of batch) {
        if (filter !== undefined && !filter(event)) continue;
        const first = form.hasData ? await firstPiece(event) : NO_BYTES;
        if (first === undefined) continue;
        for await (const piece of form.pieces(event, first)) {
          if (typeof piece === "string") lines += piece;
          else await sendPiece(response, piece);
          if (lines.length < LINES_CHARS) continue;
          await sendPiece(response, lines);
          lines = "";
        }
      }
      // The client may have gone.
      if (response.destroyed) return;
    }
    if (lines !== "") await sendPiece(response, lines);
  }
  response.end(form.end);
}

/**
 * `{"partition":0,"id":0,"timestamp":1763913600000,"metadata":…,"data":"base64"}`, without `data` if there is
 * none.
 */
async function* line(event: Event, first: Uint8Array): AsyncIterable<string> {
  const head = openLine(event);
  if (head === undefined) return;
  if (first.length === 0) return yield `${head}}\n`;
  yield `${head},"data":"`;
  for await (const bytes of piecesOf(event, first)) yield Buffer.from(bytes).toString("base64");
  yield '"}\n';
}

/** The beginning of its line; undefined if its metadata cannot be deserialized. */
function openLine(event: Event): string | undefined {
  try {
    return openJsonLine(event);
  } catch (error) {
    if (error instanceof InvalidMetadataError) return undefined;
    throw error;
  }
}

async function* tarEntry(event: Event, first: Uint8Array): AsyncIterable<Uint8Array> {
  const { partition, id, timestamp, dataDescriptor: { size } } = event;
  if (size === 0) return;
  const mtimeSeconds = Math.max(0, Math.floor(timestamp / 1000));
  yield tarHeader({ name: `event-${partition}-${id}.bin`, size, mtimeSeconds });
  yield* piecesOf(event, first);
  yield tarPadding(size);
}

/** The first bytes of the data; undefined if any of it is damaged, so that the event is left out. */
async function firstPiece(event: Event): Promise<Uint8Array | undefined> {
  const { size } = event.dataDescriptor;
  const piece = (at: number): Promise<Uint8Array> => pieceAt(event, at, Math.min(PIECE_BYTES, size - at));
  try {
    // Large data is read twice: what was sent of an event cannot be taken back.
    for (let at = PIECE_BYTES; at < size; at += PIECE_BYTES) await piece(at);
    return await piece(0);
  } catch (error) {
    if (error instanceof DiasporaError) return undefined;
    throw error;
  }
}

async function* piecesOf(event: Event, first: Uint8Array): AsyncIterable<Uint8Array> {
  yield first;
  const { size } = event.dataDescriptor;
  for (let at = first.length; at < size; at += PIECE_BYTES) {
    yield await pieceAt(event, at, Math.min(PIECE_BYTES, size - at));
  }
}

/** A topic's name as a file name. */
function fileName(topic: string): string {
  return topic.replace(/[^\p{L}\p{N}_.-]/gu, "_").replace(/[^\x20-\x7e]/g, "_");
}
