import type { JsonValue } from "../../json.ts";
import type { Shape } from "./workload.ts";

/** Maximum number of prepared documents, however many events there are: they must fit into memory. */
const DOCUMENTS_MAX = 1_000_000;
const DOCUMENT_BYTES_MAX = 256 * 1024 * 1024;
const POOL_BYTES = 64 * 1024 * 1024;
/** Smaller metadata has no room for all members. */
const OBJECT_BYTES_MIN = 80;

/** The metadata to push: prepared in advance, so that only pushing is measured. */
interface Content {
  /** Objects, which `push` serializes, or JSON texts. */
  metadata: JsonValue[];
  /** Total bytes of metadata and data of all events. */
  bytes: number;
}

/** Creates the metadata of a workload. */
export function makeContent(
  { events, metadataBytes, dataBytes, documents }: Shape,
  form: "object" | "text",
): Content {
  const fitting = Math.max(1000, Math.floor(DOCUMENT_BYTES_MAX / Math.max(1, metadataBytes)));
  const count = Math.min(events, documents ?? DOCUMENTS_MAX, fitting);
  const metadata: JsonValue[] = [];
  let textBytes = 0;
  for (let id = 0; id < count; id++) {
    const text = documentText(id, metadataBytes);
    textBytes += text.length;
    // Parsing also flattens the text, as texts from elsewhere are.
    const value = JSON.parse(text);
    metadata.push(form === "text" ? text : value);
  }
  return { metadata, bytes: Math.round(events * (textBytes / count + dataBytes)) };
}

/** The JSON text of one event's metadata, of about that many bytes, all of them ASCII. */
export function documentText(id: number, bytes: number): string {
  if (bytes < OBJECT_BYTES_MIN) return `{"t":"${letters(id, Math.max(0, bytes - 8))}"}`;
  const start = `{"id":${id},"detector":"d${id % 16}","energy":${(id % 1000) / 10 + 0.5},` +
    `"ts":${1_700_000_000_000 + id},"tag":"`;
  return `${start}${letters(id, Math.max(1, bytes - start.length - 2))}"}`;
}

/** Pseudo-random bytes, a different part for each event. */
export class DataPool {
  readonly #bytes: Uint8Array;
  readonly #size: number;
  #offset = 0;

  constructor(dataBytes: number) {
    this.#size = dataBytes;
    this.#bytes = new Uint8Array(dataBytes === 0 ? 0 : Math.max(POOL_BYTES, dataBytes));
    fillPseudoRandom(this.#bytes);
  }

  /** The data part of the next event; undefined if events have none. */
  next(): Uint8Array | undefined {
    if (this.#size === 0) return undefined;
    if (this.#offset + this.#size > this.#bytes.byteLength) this.#offset = 0;
    const part = this.#bytes.subarray(this.#offset, this.#offset + this.#size);
    this.#offset += this.#size;
    return part;
  }
}

/** Fills a buffer with incompressible bytes, which also makes the system allocate its pages. */
export function fillPseudoRandom(bytes: Uint8Array): void {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
  let state = 0x9e3779b9;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  bytes.fill(state & 0xff, words.length * 4);
}

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Number of characters that differ between events; the rest of a text is the same in all. */
const DISTINCT = 8;
let filler = "";

function letters(seed: number, length: number): string {
  let start = "";
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  for (let index = 0; index < Math.min(length, DISTINCT); index++) {
    start += ALPHABET[state % ALPHABET.length];
    state = Math.imul(state, 0x85ebca6b) >>> 3;
  }
  if (filler.length < length) filler = ALPHABET.repeat(Math.ceil(length / ALPHABET.length));
  return start + filler.slice(0, length - start.length);
}
