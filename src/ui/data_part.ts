import type { ServerResponse } from "node:http";
import type { Event } from "../../mod.ts";
import { BadRequestError, sendPiece } from "./http_response.ts";
import type { Query } from "./query.ts";
import { counted } from "../text/counted.ts";

/** Size of the pieces that are read and sent. */
const PIECE_BYTES = 1024 * 1024;

/** Sends the data part of an event, or a part of it, as bytes that a browser never interprets. */
export async function sendData(event: Event, query: Query, response: ServerResponse): Promise<void> {
  const { dataDescriptor, partition, id } = event;
  const offset = query.count("offset") ?? 0;
  const size = query.count("size") ?? Math.max(0, dataDescriptor.size - offset);
  if (offset + size > dataDescriptor.size) {
    throw new BadRequestError(
      `The data part has ${counted(dataDescriptor.size, "byte")}, not ${offset + size}`,
    );
  }
  // Read before the headers are sent, so that damage in the first piece becomes an error status.
  let piece = await pieceAt(event, offset, Math.min(PIECE_BYTES, size));
  response.writeHead(200, {
    "content-type": "application/octet-stream",
    "content-disposition": `attachment; filename="event-${partition}-${id}.bin"`,
    "content-length": String(size),
  });
  for (let at = 0;;) {
    await sendPiece(response, piece);
    at += piece.length;
    if (at >= size || response.destroyed) break;
    piece = await pieceAt(event, offset + at, Math.min(PIECE_BYTES, size - at));
  }
  response.end();
}

/** A part of an event's data. */
export async function pieceAt(event: Event, offset: number, size: number): Promise<Uint8Array> {
  if (size === 0) return new Uint8Array(0);
  return await event.loadData(event.dataDescriptor.makeSubView(offset, size));
}
