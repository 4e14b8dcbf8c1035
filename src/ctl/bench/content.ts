import type { JsonValue } from "../../json.ts";
import type { Shape } from "./workload.ts";

/** Documents made before the clock starts; further events use them again from the first on. */
const DOCUMENTS_MAX = 1_000_000;
/** Bytes of documents and of data made before the clock starts. */
const DOCUMENT_BYTES_MAX = 256 * 1024 * 1024;
const POOL_BYTES = 64 * 1024 * 1024;
/** Smaller metadata has no room for the members of an object. */
const OBJECT_BYTES_MIN = 80;

/** What is pushed: made beforehand, so that only the pushing is measured. */
export interface Content {
  /** Metadata as objects, which `push` makes text of. */
  objects: JsonValue[];
  /** The same metadata as JSON text. */
  texts: string[];
}

/** The JSON text of one event's metadata, of about that many bytes. */
export function documentText(id: number, bytes: number): string {
  if (bytes < OBJECT_BYTES_MIN) return JSON.stringify(letters(id, Math.max(0, bytes - 2)));
  const event = {
    id,
    detector: `d${id % 16}`,
    energy: (id % 1000) / 10 + 0.5,
    ts: 1_700_000_000_000 + id,
    tag: "",
  };
  const { length } = JSON.stringify(event);
  return JSON.stringify({ ...event, tag: letters(id, Math.max(1, bytes - length)) });
}

/** Makes the metadata of a workload. */
export function makeContent({ events, metadataBytes }: Shape): Content {
  const count = Math.min(
    events,
    DOCUMENTS_MAX,
    Math.max(1000, Math.floor(DOCUMENT_BYTES_MAX / metadataBytes)),
  );
  const texts: string[] = [];
  const objects: JsonValue[] = [];
  for (let id = 0; id < count; id++) {
    const text = documentText(id, metadataBytes);
    texts.push(text);
    objects.push(JSON.parse(text));
  }
  return { objects, texts };
}

/** Pseudo-random bytes, from which each event takes a part; none is the event's before. */
export class DataPool {
  readonly #bytes: Uint8Array;
  readonly #size: number;
  #offset = 0;

  constructor(dataBytes: number) {
    this.#size = dataBytes;
    this.#bytes = new Uint8Array(dataBytes === 0 ? 0 : Math.max(POOL_BYTES, dataBytes));
    fillPseudoRandom(this.#bytes);
  }

  /** The data part of the next event; undefined where events have none. */
  next(): Uint8Array | undefined {
    if (this.#size === 0) return undefined;
    if (this.#offset + this.#size > this.#bytes.byteLength) this.#offset = 0;
    const part = this.#bytes.subarray(this.#offset, this.#offset + this.#size);
    this.#offset += this.#size;
    return part;
  }
}

/** Fills a buffer with bytes that no one could compress, and has the system back its memory. */
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

function letters(seed: number, length: number): string {
  const start = Array.from({ length: Math.min(length, 24) }, (_, index) => {
    const mixed = Math.imul(seed * 31 + index + 1, 0x9e3779b1) >>> 8;
    return ALPHABET[mixed % ALPHABET.length];
  }).join("");
  return start + ALPHABET.repeat(Math.ceil(Math.max(0, length - start.length) / ALPHABET.length))
    .slice(0, length - start.length);
}
