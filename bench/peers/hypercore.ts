import type { Buffer } from "node:buffer";
import { batchesOf, load, type Peer } from "./peer.ts";
import { decodeRecord, encodeRecord } from "./record.ts";

interface Core {
  ready(): Promise<void>;
  length: number;
  append(blocks: Buffer[]): Promise<unknown>;
  get(index: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** Number of concurrent reads. */
const READS = 64;

/** Hypercore: a signed, distributed append-only log. */
export const hypercore: Peer = {
  name: "hypercore",
  settings: "batches of 1,000, 64 reads under way",
  runtime: "node",
  async open(folder) {
    const Hypercore = load<new (folder: string) => Core>("hypercore");
    const core = new Hypercore(folder);
    await core.ready();
    return {
      async produce(events, documents, pool) {
        for (const { metadata, data } of batchesOf(events, documents, pool)) {
          await core.append(
            metadata.map((one, index) => encodeRecord(one, data[index])),
          );
        }
      },
      async consume(see, withData) {
        const reads: Promise<Buffer>[] = [];
        for (let index = 0; index < core.length; index++) {
          reads.push(core.get(index));
          if (reads.length === READS) {
            decodeRecord(await reads.shift()!, see, withData);
          }
        }
        for (const read of reads) decodeRecord(await read, see, withData);
      },
      close: () => core.close(),
    };
  },
};
