import type { Buffer } from "node:buffer";
import { batchesOf, load, type Peer } from "./peer.ts";
import { decodeRecord, encodeRecord } from "./record.ts";

type Done = (error?: Error | null) => void;

interface Log {
  append(values: Buffer[], done: Done): void;
  stream(
    options: { seqs: boolean },
  ): (end: boolean | null, next: (end: unknown, value: Buffer) => void) => void;
}

/** flumelog-offset: a log in one file, in which a record's offset is its key. */
export const flumelogOffset: Peer = {
  name: "flumelog-offset",
  settings: "batches of 1,000, blocks of 64 KiB, 48-bit offsets",
  runtime: "node",
  open(folder) {
    const open = load<(path: string, options: unknown) => Log>(
      "flumelog-offset",
    );
    const offsetCodecs = load<Record<number, unknown>>(
      "flumelog-offset/frame/offset-codecs",
    );
    const log = open(`${folder}/log`, {
      blockSize: 64 * 1024,
      offsetCodec: offsetCodecs[48],
    });
    return Promise.resolve({
      async produce(events, documents, pool) {
        for (const { metadata, data } of batchesOf(events, documents, pool)) {
          const records = metadata.map((one, index) => encodeRecord(one, data[index]));
          await new Promise<void>((resolve, reject) =>
            log.append(records, (error) => error ? reject(error) : resolve())
          );
        }
      },
      consume(see, withData) {
        return new Promise((resolve, reject) => {
          const read = log.stream({ seqs: false });
          // Calls back synchronously while it has a block in memory: a loop avoids deep recursion.
          let reading = false;
          let again = false;
          const next = (): void => {
            again = true;
            if (reading) return;
            reading = true;
            while (again) {
              again = false;
              read(null, (end, value) => {
                if (end === true) return resolve();
                if (end) return reject(end);
                decodeRecord(value, see, withData);
                next();
              });
            }
            reading = false;
          };
          next();
        });
      },
      // It cannot be closed: what was appended is written.
      close: () => Promise.resolve(),
    });
  },
};
