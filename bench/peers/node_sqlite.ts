import { batchesOf, type Peer } from "./peer.ts";

interface Statement {
  run(...values: unknown[]): unknown;
  all(...values: unknown[]): [id: number, metadata: string, data?: Uint8Array][];
  setReturnArrays(arrays: boolean): void;
}

interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

/** Bytes of data read at a time. */
const READ_BYTES = 8 * 1024 * 1024;

/** SQLite, as included in Node. */
export const nodeSqlite: Peer = {
  name: "SQLite (node:sqlite)",
  settings: "write-ahead log, synchronous=OFF, transactions of 1,000, 64 MiB cache",
  runtime: "deno",
  async open(folder, { dataBytes }) {
    // Not in Node 20: the name is split in two, so that no tool resolves it there.
    const { DatabaseSync } = await import("node:" + "sqlite") as {
      DatabaseSync: new (path: string) => Database;
    };
    const db = new DatabaseSync(`${folder}/events.db`);
    db.exec(
      "pragma page_size=16384; pragma journal_mode=wal; pragma synchronous=off; pragma cache_size=-65536",
    );
    db.exec(
      "create table if not exists events (id integer primary key, metadata text, data blob)",
    );
    return {
      produce(events, documents, pool) {
        const insert = db.prepare(
          "insert into events (metadata, data) values (?, ?)",
        );
        for (const { metadata, data } of batchesOf(events, documents, pool)) {
          db.exec("begin");
          for (let index = 0; index < metadata.length; index++) {
            insert.run(JSON.stringify(metadata[index]), data[index] ?? null);
          }
          db.exec("commit");
        }
        return Promise.resolve();
      },
      consume(see, withData) {
        const columns = withData ? "id, metadata, data" : "id, metadata";
        const select = db.prepare(`select ${columns} from events where id > ? order by id limit ?`);
        // Many rows at a time as arrays: three times as fast as iterating over objects.
        select.setReturnArrays(true);
        const limit = Math.max(1, Math.min(5000, Math.floor(READ_BYTES / Math.max(1, dataBytes))));
        for (
          let rows = select.all(0, limit);
          rows.length > 0;
          rows = select.all(rows[rows.length - 1][0], limit)
        ) {
          for (const [, metadata, data] of rows) see(metadata, data);
        }
        return Promise.resolve();
      },
      close() {
        db.close();
        return Promise.resolve();
      },
    };
  },
};
