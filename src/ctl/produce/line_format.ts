import { bytesOfBase64 } from "../../text/base64.ts";
import { UsageError } from "../usage_error.ts";

/** The content of a line. */
export interface LineEvent {
  /** The metadata as a JSON document. */
  document: string;
  /** The data part, if the line contains it. */
  data?: Uint8Array;
}

/** Converts one line to an event; undefined for a line to be ignored. Throws `Error` for an invalid one. */
export type LineFormat = (line: string) => LineEvent | string | undefined;

/**
 * The formats of `--format`. `metadata` is the value of `--metadata`. A carriage return at the end of a line belongs
 * to its line end, as Windows writes it.
 */
export function lineFormat(name: string, metadata: string | undefined): LineFormat {
  if (name === "json") return (line) => jsonLine(withoutCarriageReturn(line));
  if (name === "raw") return (line) => JSON.stringify(withoutCarriageReturn(line));
  if (name !== "base64") throw new UsageError(`Unknown format "${name}"`);
  const document = metadata ?? "{}";
  return (line) => ({ document, data: base64Line(line) });
}

function withoutCarriageReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

/** A blank line separates documents. `push` validates the text itself. */
function jsonLine(line: string): string | undefined {
  const text = line.trim();
  if (text === "") return undefined;
  // The first line of a document that spans several lines: no valid one ends like this.
  if (/^[{[]/.test(text) && /[{[,:]$/.test(text.slice(-1))) {
    throw new Error(
      "it is the beginning of a JSON document of several lines: write each in one line, as `jq -c .` does",
    );
  }
  return line;
}

function base64Line(line: string): Uint8Array {
  const bytes = bytesOfBase64(line.trim());
  if (bytes === undefined) throw new Error("it is not base64");
  return bytes;
}
