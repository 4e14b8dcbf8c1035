import { Buffer } from "node:buffer";
import type { Event } from "../../../mod.ts";
import { exactJson, ExactNumber, parsedExactly } from "../../text/exact_json.ts";
import { nearestName } from "../../options.ts";
import { isoTime } from "../../text/time.ts";
import { UsageError } from "../usage_error.ts";
import { piecesOf } from "./data_sink.ts";
import { metadataLine } from "../../event/json_line.ts";

/** The value of a `{NAME}`. */
type Field = (event: Event, data: Uint8Array) => string;

/** The format of a line, given by `--template`. */
export interface Template {
  /** Whether it contains the data part, which must then be read. */
  readonly needsData: boolean;
  /** The line of one event. `data` is used only if needed. */
  format(event: Event, data: Uint8Array): string;
}

const ESCAPES: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", "0": "\0", "\\": "\\" };
const TOKEN = /\\(.)|\{\{|\}\}|\{([^{}]*)\}/gs;
const NO_DATA = new Uint8Array(0);

/** Parses a template: text, `{NAME}`, `{{` for a brace and `\t`, `\n`, `\\`. Throws {@linkcode UsageError}. */
export function parseTemplate(text: string, topic: string): Template {
  const unclosed = /\{([a-z][\w.]*)(?=\s|$)/i.exec(text.replaceAll("{{", ""));
  if (unclosed !== null) {
    throw new UsageError(`Option "--template" has "{${unclosed[1]}" without "}": write "{{" for a brace`);
  }
  const fields = fieldsOf(topic);
  const parts: (string | Field)[] = [];
  let needsData = false;
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    parts.push(text.slice(at, match.index));
    at = match.index + match[0].length;
    const [token, escaped, name] = match;
    if (escaped !== undefined) parts.push(ESCAPES[escaped] ?? token);
    else if (name === undefined) parts.push(token.charAt(0));
    else {
      parts.push(fieldOf(name, fields));
      needsData ||= DATA_FIELDS.includes(name);
    }
  }
  parts.push(text.slice(at));
  return {
    needsData,
    format: (event, data) => {
      let line = "";
      for (const part of parts) line += typeof part === "string" ? part : part(event, data);
      return line;
    },
  };
}

/** The whole data part of an event. */
export async function wholeData(event: Event): Promise<Uint8Array> {
  if (event.data !== undefined || event.dataDescriptor.size === 0) return event.data ?? NO_DATA;
  const pieces: Uint8Array[] = [];
  for await (const piece of piecesOf(event)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** What is typed most. */
const SHORT_NAMES: Readonly<Record<string, string>> = { p: "partition", m: "metadata" };

const DATA_FIELDS = ["data", "base64", "hex"];

function fieldsOf(topic: string): Readonly<Record<string, Field>> {
  const encoded = (encoding: "utf8" | "base64" | "hex"): Field => (_event, data) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString(encoding);
  return {
    topic: () => topic,
    partition: ({ partition }) => String(partition),
    id: ({ id }) => String(id),
    timestamp: ({ timestamp }) => String(timestamp),
    time: ({ timestamp }) => isoTime(timestamp),
    metadata: metadataLine,
    size: ({ dataDescriptor }) => String(dataDescriptor.size),
    data: encoded("utf8"),
    base64: encoded("base64"),
    hex: encoded("hex"),
  };
}

function fieldOf(name: string, fields: Readonly<Record<string, Field>>): Field {
  const long = Object.hasOwn(SHORT_NAMES, name) ? SHORT_NAMES[name]! : name;
  const field = Object.hasOwn(fields, long) ? fields[long] : undefined;
  if (field !== undefined) return field;
  if (/^m(?:etadata)?\./.test(name)) {
    const keys = name.split(".").slice(1);
    return (event) => shown(valueAt(exactMetadata(event), keys));
  }
  const names = [...Object.keys(fields), "metadata.KEY"];
  // Every name is near to one of two letters.
  const meant = name.length > 2 ? nearestName(name, names) : undefined;
  const remedy = meant === undefined ? "" : `; did you mean "{${meant}}"?`;
  throw new UsageError(
    `Option "--template" knows ${names.map((known) => `{${known}}`).join(", ")}; found "{${name}}"${remedy}`,
  );
}

/** With every digit of long numbers, which a double does not have. */
function exactMetadata(event: Event): unknown {
  const text = event.metadataText;
  return /\d{16}/.test(text) ? parsedExactly(text) ?? event.metadata : event.metadata;
}

function valueAt(metadata: unknown, keys: readonly string[]): unknown {
  let at = metadata;
  for (const key of keys) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

function shown(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" || value instanceof ExactNumber ? String(value) : exactJson(value);
}
