import type { FaultView } from "../src/ui/contract.ts";

/** Path of a part of a topic. */
export function topicPath(name: string, ...rest: (string | number)[]): string {
  return ["/api/topics", encodeURIComponent(name), ...rest].join("/");
}

/** A path with parameters; undefined and empty ones are left out. */
export function withQuery(path: string, query: Record<string, string | number | undefined>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  }
  // Positions in a thousand partitions have to fit into a URL, in which both characters may stand as they are.
  const text = parameters.toString().replaceAll("%3A", ":").replaceAll("%2C", ",");
  return text === "" ? path : `${path}?${text}`;
}

/** The server cannot be reached: what failed may succeed when it can be. */
export class UnreachableError extends Error {
  constructor(cause: unknown) {
    super("The server does not answer: is diaspora-ctl ui still running?", { cause });
  }
}

/** Sends a request to the server; throws an error with the server's message if it refuses. */
export async function ask<T>(path: string, signal: AbortSignal, method = "GET"): Promise<T> {
  const response = await askRaw(path, signal, method);
  return await response.json() as T;
}

/** The same, for responses that are not JSON. */
export async function askRaw(path: string, signal: AbortSignal, method = "GET"): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { method, signal, headers: { "x-diaspora-ui": "1" } });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new UnreachableError(error);
  }
  if (response.ok) return response;
  const text = await response.text();
  let fault = text.trim();
  try {
    fault = (JSON.parse(text) as FaultView).fault;
  } catch {
    // It is the text itself.
  }
  throw new Error(fault);
}
