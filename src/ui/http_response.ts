import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { DiasporaError } from "../../mod.ts";
import type { FaultView } from "./contract.ts";
import { messageOf } from "../text/message.ts";

/**
 * Loads nothing from elsewhere, runs no script but the page's own file, and never interprets text as markup:
 * metadata is always displayed as text.
 */
const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types lit-html",
].join("; ");

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": CONTENT_POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store",
};

/** An invalid request. */
export class BadRequestError extends Error {
  override readonly name = "BadRequestError";
}

/** The requested resource does not exist. */
export class NotFoundError extends Error {
  override readonly name = "NotFoundError";
}

/** Sets the headers of every response. */
export function setHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
}

/** Sends a text with a content type. */
export function sendText(
  response: ServerResponse,
  status: number,
  type: string,
  text: string | Uint8Array,
): void {
  response.writeHead(status, { "content-type": type });
  response.end(text);
}

/** Sends a piece of a response, and waits if the client is slow. */
export async function sendPiece(response: ServerResponse, piece: string | Uint8Array): Promise<void> {
  if (response.destroyed || response.write(piece)) return;
  const waiting = new AbortController();
  const { signal } = waiting;
  // Otherwise the listeners not called would remain, one for each piece.
  const events = ["drain", "close"].map((event) => once(response, event, { signal }));
  await Promise.race(events);
  waiting.abort();
  await Promise.allSettled(events);
}

/** Sends JSON. */
export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  sendText(response, status, "application/json; charset=utf-8", JSON.stringify(value));
}

/** Sends an error. */
export function sendFault(response: ServerResponse, error: unknown): void {
  const fault: FaultView = { fault: messageOf(error) };
  if (error instanceof DiasporaError) fault.code = error.code;
  sendJson(response, fault, statusOf(error));
}

function statusOf(error: unknown): number {
  if (error instanceof BadRequestError) return 400;
  if (error instanceof NotFoundError) return 404;
  if (!(error instanceof DiasporaError)) return 500;
  switch (error.code) {
    case "ERR_TOPIC_NOT_FOUND":
    case "ERR_TOPIC_DELETED":
    case "ERR_EVENT_GONE":
    case "ERR_NO_SUCH_PARTITION":
      return 404;
    case "ERR_INVALID_OPTION":
    case "ERR_INVALID_TOPIC_NAME":
    case "ERR_FOREIGN_LAYOUT":
    case "ERR_FOREIGN_FILES":
      return 400;
    default:
      return 500;
  }
}
