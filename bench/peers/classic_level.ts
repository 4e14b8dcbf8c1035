import type { Buffer } from "node:buffer";
import { batchesOf, load, type Peer } from "./peer.ts";
import { decodeRecord, encodeRecord } from "./record.ts";

interface Level {
  open(): Promise<void>;
  batch(
    operations: { type: "put"; key: string; value: Buffer }[],
  ): Promise<void>;
  values(
    options: { highWaterMarkBytes: number },
  ): { nextv(size: number): Promise<Buffer[]>; close(): Promise<void> };
  close(): Promise<void>;
}

/** LevelDB: a sorted map on disk. */
export const classicLevel: Peer = {
  name: "LevelDB (classic-level)",
  settings: "batches of 1,000, 64 MiB write buffer, no compression, no sync",
  runtime: "node",
  async open(folder) {
    const { ClassicLevel } = load<
      { ClassicLevel: new (path: string, options: unknown) => Level }
    >("classic-level");
    const db = new ClassicLevel(folder, {
      keyEncoding: "utf8",
      valueEncoding: "buffer",
      compression: false,
      writeBufferSize: 64 * 1024 * 1024,
    });
    await db.open();
    return {
      async produce(events, documents, pool) {
        for (
          const { first, metadata, data } of batchesOf(events, documents, pool)
        ) {
          await db.batch(metadata.map((one, index) => ({
            type: "put",
            key: String(first + index).padStart(10, "0"),
            value: encodeRecord(one, data[index]),
          })));
        }
      },
      async consume(see, withData) {
        const values = db.values({ highWaterMarkBytes: 4 * 1024 * 1024 });
        for (
          let some = await values.nextv(1000);
          some.length > 0;
          some = await values.nextv(1000)
        ) {
          for (const value of some) decodeRecord(value, see, withData);
        }
        await values.close();
      },
      close: () => db.close(),
    };
  },
};
