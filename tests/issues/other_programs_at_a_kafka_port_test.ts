// Programs at the address of a broker that speak first, as SSH and mail servers do, or answer a length that no response
// has: their answer was waited for until the timeout, 11 s by default, and nothing said what they are. As the first of
// several addresses, one that closed connections at once kept a driver from being opened, though the others worked.
import { assertEquals, assertRejects } from "@std/assert";
import { createServer, type Server, type Socket } from "node:net";
import { BrokerError } from "../../mod.ts";
import { Cluster } from "../../src/drivers/kafka/cluster.ts";
import { findTopic } from "../../src/drivers/kafka/metadata.ts";
import { readSettings } from "../../src/drivers/kafka/settings.ts";
import { FakeBroker, TOPIC_ID } from "../drivers/kafka/fake_broker.ts";
import { test } from "../harness.ts";

async function program(onConnection: (socket: Socket) => void): Promise<{ server: Server; address: string }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `127.0.0.1:${(server.address() as { port: number }).port}` };
}

function connect(...servers: string[]): Promise<Cluster> {
  return Cluster.connect(readSettings({
    "bootstrap.servers": servers,
    "socket.connection.setup.timeout.ms": 5000,
    "retry.backoff.ms": 20,
  }));
}

const programs: Record<string, (socket: Socket) => void> = {
  "speaks first": (socket) => void socket.on("data", () => {}).write("SSH-2.0-OpenSSH_9.2p1\r\n"),
  "answers the greatest length": (socket) =>
    void socket.on("data", () => socket.write(new Uint8Array([0x7f, 255, 255, 255, 0, 0, 0, 0]))),
  "answers a length of nothing": (socket) => void socket.on("data", () => socket.write(new Uint8Array(4))),
};

for (const [does, onConnection] of Object.entries(programs)) {
  test(`a program that ${does} is recognized, and is not waited for`, async () => {
    const { server, address } = await program(onConnection);
    await using _ = server;
    const { message, canRetry } = await assertRejects(() => connect(address), BrokerError);
    assertEquals(
      message,
      `Cannot connect: Kafka at "${address}" is not a broker, but another program: check the port`,
    );
    assertEquals(canRetry, false);
  });
}

test("a broker is found after an address that closes each connection at once", async () => {
  const { server, address } = await program((socket) => socket.destroy());
  await using _ = server;
  await using broker = await FakeBroker.start(1);
  const cluster = await connect(address, broker.address);
  try {
    assertEquals((await findTopic(cluster, "t"))?.id, TOPIC_ID);
  } finally {
    await cluster.close();
  }
});
