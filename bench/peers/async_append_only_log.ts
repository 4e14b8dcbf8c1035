import type { Buffer } from "node:buffer";
import { batchesOf, load, type Peer } from "./peer.ts";
import { decodeRecord, encodeRecord } from "./record.ts";

interface Log {
  append(value: Buffer, done: (error?: Error | null) => void): void;
  onDrain(done: () => void): void;
  stream(options: { offsets: boolean; values: boolean }): {
    pipe(
      sink: { paused: boolean; write(value: Buffer): void; end(): void },
    ): void;
  };
  close(done: () => void): void;
}

/** async-append-only-log: the log used by Secure Scuttlebutt. */
export const asyncAppendOnlyLog: Peer = {
  name: "async-append-only-log",
  settings: "blocks of 64 KiB, written when full",
  runtime: "node",
  recordBytesMax: 65_000,
  open(folder) {
    const open = load<(path: string, options: unknown) => Log>(
      "async-append-only-log",
    );
    const log = open(`${folder}/log`, {
      blockSize: 64 * 1024,
      writeTimeout: 1,
    });
    return Promise.resolve({
      async produce(events, documents, pool) {
        const ignore = (): void => {};
        for (const { metadata, data } of batchesOf(events, documents, pool)) {
          for (let index = 0; index < metadata.length; index++) {
            log.append(encodeRecord(metadata[index], data[index]), ignore);
          }
          // Full blocks are written in the background; without a pause all of them would be buffered in memory.
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
        await new Promise<void>((resolve) => log.onDrain(resolve));
      },
      consume(see, withData) {
        return new Promise((resolve) => {
          log.stream({ offsets: false, values: true }).pipe({
            paused: false,
            write: (value) => decodeRecord(value, see, withData),
            end: resolve,
          });
        });
      },
      close: () => new Promise((resolve) => log.close(resolve)),
    });
  },
};
