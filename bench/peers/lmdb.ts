import { Buffer } from "node:buffer";
import type { JsonValue } from "../../mod.ts";
import { batchesOf, load, type Peer } from "./peer.ts";
import { decodeRecord, encodeRecord } from "./record.ts";

interface Database {
  transactionSync(change: () => void): void;
  putSync(key: number, value: Buffer | JsonValue, options: { append: boolean }): boolean;
  getRange(options: { start: number }): Iterable<{ key: number; value: Buffer | JsonValue }>;
  close(): Promise<void>;
}

/** Size of data from which larger pages pay off. */
const LARGE_BYTES = 16 * 1024;

/** LMDB: a memory-mapped B+ tree. */
export const lmdb: Peer = {
  name: "LMDB (lmdb)",
  settings:
    "appends in transactions of 5,000, no sync; without data MessagePack with shared structures and a " +
    "write map, with data bytes under 32-bit keys",
  runtime: "node",
  open(folder, { dataBytes }) {
    const { open } = load<{ open(options: unknown): Database }>("lmdb");
    const db = open({
      path: folder,
      noSync: true,
      mapSize: 16 * 2 ** 30,
      ...(dataBytes === 0
        ? { sharedStructuresKey: Symbol.for("structures"), useWritemap: true }
        : { encoding: "binary", keyEncoding: "uint32", pageSize: dataBytes < LARGE_BYTES ? 4096 : 16_384 }),
    });
    return Promise.resolve({
      produce(events, documents, pool) {
        const batches = batchesOf(events, documents, pool, { batch: 5000, batchBytes: 8 * 1024 * 1024 });
        for (const { first, metadata, data } of batches) {
          db.transactionSync(() => {
            for (let index = 0; index < metadata.length; index++) {
              const one = metadata[index];
              const value = dataBytes === 0 ? one : encodeRecord(one, data[index]);
              db.putSync(first + index, value, { append: true });
            }
          });
        }
        return Promise.resolve();
      },
      consume(see, withData) {
        for (const { value } of db.getRange({ start: 0 })) {
          if (Buffer.isBuffer(value)) decodeRecord(value, see, withData);
          else see(value, undefined);
        }
        return Promise.resolve();
      },
      close: () => db.close(),
    });
  },
};
