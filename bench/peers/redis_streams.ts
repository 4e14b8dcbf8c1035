import { Buffer } from "node:buffer";
import { batchesOf, load, type Peer } from "./peer.ts";
import { patiently, Server } from "./server.ts";

type Entry = [id: Buffer, fields: Buffer[]];

interface Pipeline {
  xadd(...words: (string | Buffer)[]): Pipeline;
  exec(): Promise<[Error | null, unknown][]>;
}

interface Redis {
  connect(): Promise<void>;
  pipeline(): Pipeline;
  xrangeBuffer(
    key: string,
    from: string,
    to: string,
    count: "COUNT",
    max: number,
  ): Promise<Entry[]>;
  disconnect(): void;
}

/** Redis Streams through ioredis. */
export const redisStreams: Peer = {
  name: "Redis Streams (ioredis)",
  settings: "Unix socket, pipelines of 1,000, append-only file without sync",
  runtime: "node",
  server: "redis-server",
  async open(folder) {
    const socket = `${folder}/socket`;
    const options = [
      "--port",
      "0",
      "--unixsocket",
      socket,
      "--dir",
      folder,
      "--save",
      "",
    ];
    const server = new Server("redis-server", [
      ...options,
      "--appendonly",
      "yes",
      "--appendfsync",
      "no",
    ]);
    const { Redis } = load<{ Redis: new (options: unknown) => Redis }>(
      "ioredis",
    );
    const redis = await patiently(async () => {
      const client = new Redis({
        path: socket,
        lazyConnect: true,
        retryStrategy: () => null,
      });
      (client as unknown as { on(name: string, listener: () => void): void })
        .on("error", () => {});
      await client.connect();
      return client;
    });
    return {
      async produce(events, documents, pool) {
        let before: Promise<unknown> | undefined;
        for (const { metadata, data } of batchesOf(events, documents, pool)) {
          const pipeline = redis.pipeline();
          for (let index = 0; index < metadata.length; index++) {
            const text = JSON.stringify(metadata[index]);
            const part = data[index];
            if (part === undefined) {
              pipeline.xadd("events", "*", "m", text);
            } else pipeline.xadd("events", "*", "m", text, "d", asBuffer(part));
          }
          const added = pipeline.exec();
          // One is in flight while the next one is made.
          await before;
          before = added;
        }
        await before;
      },
      async consume(see, withData) {
        let from = "-";
        for (;;) {
          const entries = await redis.xrangeBuffer(
            "events",
            from,
            "+",
            "COUNT",
            withData ? 100 : 1000,
          );
          if (entries.length === 0) return;
          for (const [, fields] of entries) {
            see(fields[1].toString("latin1"), fields[3]);
          }
          from = `(${entries[entries.length - 1][0].toString()}`;
        }
      },
      serverCpu: () => server.cpu(),
      async close() {
        redis.disconnect();
        await server.stop();
      },
    };
  },
};

/** The client treats a plain `Uint8Array` as a list of numbers. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
