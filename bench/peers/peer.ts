import { createRequire } from "node:module";
import type { JsonValue } from "../../mod.ts";
import type { DataPool } from "../../src/ctl/bench/content.ts";
import type { Shape } from "../../src/ctl/bench/workload.ts";

/** Another way to keep events, measured at the same work. */
export interface Peer {
  /** How it is called in tables. */
  readonly name: string;
  /** The settings it is used with, and what they give up. */
  readonly settings: string;
  /** Runtime it is measured on: the one it is fastest on, of those it works on. */
  readonly runtime: "deno" | "node";
  /** The largest record it takes, in bytes. */
  readonly recordBytesMax?: number;
  /** Program of its server, where it has one. */
  readonly server?: string;
  /** Opens a store for events of that shape, or creates it in an empty folder. */
  open(folder: string, shape: Shape): Promise<PeerStore>;
}

/** An open store of a peer. */
export interface PeerStore {
  /** Appends events; resolves when all are with the operating system, or further. */
  produce(
    events: number,
    metadata: readonly JsonValue[],
    pool: DataPool,
  ): Promise<void>;
  /** Reads everything from the start; `see` gets each event. */
  consume(see: See, withData: boolean): Promise<void>;
  /** Processor seconds that its server used so far. */
  serverCpu?(): number;
  close(): Promise<void>;
}

/** Gets an event: its metadata, as text or as the value where the peer parses by itself, and its data. */
export type See = (
  metadata: string | JsonValue,
  data: Uint8Array | undefined,
) => void;

/** Records written at a time where a peer takes several. */
const BATCH = 1000;
/** The same, by bytes of data. */
const BATCH_BYTES = 1024 * 1024;

const require = createRequire(import.meta.url);

/** Loads a package of this folder; the type is what the caller uses of it. */
export function load<T>(name: string): T {
  return require(name) as T;
}

/** Some events of the work. */
export interface Batch {
  /** Number of the first one. */
  first: number;
  metadata: JsonValue[];
  data: (Uint8Array | undefined)[];
}

/** Goes through the work batch by batch. */
export function* batchesOf(
  events: number,
  documents: readonly JsonValue[],
  pool: DataPool,
  { batch = BATCH, batchBytes = BATCH_BYTES }: { batch?: number; batchBytes?: number } = {},
): Generator<Batch> {
  let document = 0;
  for (let first = 0; first < events;) {
    const metadata: JsonValue[] = [];
    const data: (Uint8Array | undefined)[] = [];
    for (
      let bytes = 0;
      first + metadata.length < events && metadata.length < batch &&
      bytes < batchBytes;
    ) {
      metadata.push(documents[document]);
      if (++document === documents.length) document = 0;
      const part = pool.next();
      data.push(part);
      bytes += part?.byteLength ?? 0;
    }
    yield { first, metadata, data };
    first += metadata.length;
  }
}
