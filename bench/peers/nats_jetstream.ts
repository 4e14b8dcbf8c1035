import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { batchesOf, load, type Peer } from "./peer.ts";
import { decodeRecord, encodeRecord } from "./record.ts";
import { patiently, Server } from "./server.ts";

interface Connection {
  publish(subject: string, payload: Uint8Array): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}

interface Message {
  data: Uint8Array;
}

interface Manager {
  streams: {
    add(config: unknown): Promise<unknown>;
    info(name: string): Promise<{ state: { messages: number } }>;
  };
}

interface Client {
  consumers: {
    get(stream: string, options: unknown): Promise<{
      consume(
        options: unknown,
      ): Promise<AsyncIterable<Message> & { stop(): void }>;
    }>;
  };
}

/** NATS JetStream, published to without acknowledgements: the fastest way to write to it. */
export const natsJetstream: Peer = {
  name: "NATS JetStream",
  settings: "file storage, core publish, then waiting until the stream has all; ordered consumer",
  runtime: "node",
  server: "nats-server",
  async open(folder) {
    const port = await freePort();
    const config = `${folder}/server.conf`;
    writeFileSync(
      config,
      `port: ${port}\nhost: 127.0.0.1\nmax_payload: 8MB\nmax_pending: 1GB\n` +
        `jetstream { store_dir: "${folder}/data", max_mem: 1GB, max_file: 20GB }\n`,
    );
    const server = new Server("nats-server", ["-c", config]);
    const { connect } = load<
      { connect(options: unknown): Promise<Connection> }
    >("@nats-io/transport-node");
    const { jetstream, jetstreamManager } = load<{
      jetstream(connection: Connection): Client;
      jetstreamManager(connection: Connection): Promise<Manager>;
    }>("@nats-io/jetstream");
    const connection = await patiently(() => connect({ servers: `127.0.0.1:${port}` }));
    const manager = await patiently(() => jetstreamManager(connection));
    await manager.streams.add({
      name: "events",
      subjects: ["events"],
      storage: "file",
    });
    let published = 0;
    return {
      async produce(events, documents, pool) {
        for (const { metadata, data } of batchesOf(events, documents, pool)) {
          for (let index = 0; index < metadata.length; index++) {
            connection.publish(
              "events",
              encodeRecord(metadata[index], data[index]),
            );
          }
          await connection.flush();
        }
        published += events;
        while (
          (await manager.streams.info("events")).state.messages < published
        ) {
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      },
      async consume(see, withData) {
        const consumer = await jetstream(connection).consumers.get(
          "events",
          {},
        );
        const messages = await consumer.consume(
          withData ? { max_bytes: 32 * 1024 * 1024 } : { max_messages: 5000 },
        );
        let left = (await manager.streams.info("events")).state.messages;
        for await (const { data } of messages) {
          const record = Buffer.from(
            data.buffer,
            data.byteOffset,
            data.byteLength,
          );
          decodeRecord(record, see, withData);
          if (--left === 0) break;
        }
        messages.stop();
      },
      serverCpu: () => server.cpu(),
      async close() {
        await connection.close();
        await server.stop();
      },
    };
  },
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
