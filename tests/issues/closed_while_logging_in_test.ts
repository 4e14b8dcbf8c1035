// A broker, or what is taken for one, that closed the connection while a login was under way ended the whole process:
// the client reports that twice, and the second time nothing listened. Brokers that want a certificate do so when a
// client logs in over TLS without one.
import { assertRejects, assertStringIncludes } from "@std/assert";
import { createServer } from "node:net";
import { BrokerError } from "../../mod.ts";
import { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import { test } from "../harness.ts";

const GARBAGE = new Uint8Array([0, 0, 0, 5, 1, 2, 3, 4, 5]);

for (const says of ["nothing", "what no broker does"]) {
  test(`a connection that is closed during a login ends only itself: it said ${says}`, async () => {
    await using server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => says === "nothing" ? socket.destroy() : socket.end(GARBAGE));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = `127.0.0.1:${(server.address() as { port: number }).port}`;
    const { message } = await assertRejects(
      () =>
        Cluster.connect(readSettings({
          "bootstrap.servers": address,
          "security.protocol": "sasl_plaintext",
          "sasl.mechanisms": "PLAIN",
          "sasl.username": "pat",
          "sasl.password": "open",
          "socket.connection.setup.timeout.ms": 1000,
          "retry.backoff.ms": 20,
        })),
      BrokerError,
    );
    assertStringIncludes(message, `Cannot connect: `);
    assertStringIncludes(message, address);
  });
}
