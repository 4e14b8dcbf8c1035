import { Buffer } from "node:buffer";
import { UsageError } from "../usage_error.ts";

/** What a line stands for. */
export interface LineEvent {
  /** The metadata as a JSON document. */
  document: string;
  /** The data part, where the line is that. */
  data?: Uint8Array;
}

/** Turns one line into an event; undefined for a line that means nothing. Throws `Error` for a wrong one. */
export type LineFormat = (line: string) => LineEvent | string | undefined;

/** The formats of `--format`. `metadata` is what `--metadata` gave. */
export function lineFormat(name: string, metadata: string | undefined): LineFormat {
  if (name === "json") return jsonLine;
  if (name === "raw") return (line) => JSON.stringify(line);
  if (name !== "base64") throw new UsageError(`Unknown format "${name}"`);
  const document = metadata ?? "{}";
  return (line) => ({ document, data: base64Line(line) });
}

/** A line of spaces alone separates documents. `push` checks the text itself. */
function jsonLine(line: string): string | undefined {
  if (line === "" || line.trim() === "") return undefined;
  if (BEGINNING.test(line)) {
    throw new Error(
      "it is the beginning of a JSON document of several lines: write each in one line, as `jq -c .` does",
    );
  }
  return line;
}

/** What a JSON document that is written over several lines begins with; no document is this alone. */
const BEGINNING = /^\s*[{[]\s*$/;

function base64Line(line: string): Uint8Array {
  const text = line.trim();
  // Buffer.from() passes over what is not base64.
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new Error("it is not base64");
  return new Uint8Array(Buffer.from(text, "base64"));
}
