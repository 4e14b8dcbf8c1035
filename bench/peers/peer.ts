import { createRequire } from "node:module";
import type { JsonValue } from "../../mod.ts";
import type { DataPool } from "../../src/ctl/bench/content.ts";
import type { Shape } from "../../src/ctl/bench/workload.ts";

/** Another event store, measured at the same work. */
export interface Peer {
  /** Its name in tables. */
  readonly name: string;
  /** Its settings, and what they give up. */
  readonly settings: string;
  /** The runtime it is measured on: the fastest one that it supports. */
  readonly runtime: "deno" | "node";
  /** Its largest record, in bytes. */
  readonly recordBytesMax?: number;
  /** Its server's program, if it has one. */
  readonly server?: string;
  /** Opens a store for events of that shape, or creates it in an empty folder. */
  open(folder: string, shape: Shape): Promise<PeerStore>;
}

/** An open store of a peer. */
export interface PeerStore {
  /** Appends events; resolves when all are at least with the operating system. */
  produce(
    events: number,
    metadata: readonly JsonValue[],
    pool: DataPool,
  ): Promise<void>;
  /** Reads everything from the start; calls `see` with each event. */
  consume(see: See, withData: boolean): Promise<void>;
  /** Processor seconds that its server has used so far. */
  serverCpu?(): number;
  close(): Promise<void>;
}

/** Called with an event: its metadata, as text, or as the value if the peer parses it, and its data. */
export type See = (
  metadata: string | JsonValue,
  data: Uint8Array | undefined,
) => void;

/** Records written at a time, for peers that accept several. */
const BATCH = 1000;
/** The same, by bytes of data. */
const BATCH_BYTES = 1024 * 1024;

const require = createRequire(import.meta.url);

/** Loads a package from this folder; the type is the part of it that the caller uses. */
export function load<T>(name: string): T {
  return require(name) as T;
}

/** Some of the events. */
export interface Batch {
  /** Number of the first one. */
  first: number;
  metadata: JsonValue[];
  data: (Uint8Array | undefined)[];
}

/** Goes through the events batch by batch. */
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
