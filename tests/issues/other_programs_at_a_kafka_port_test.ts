// Programs at the address of a broker that speak first, as SSH and mail servers do, or answer a length that no response
// has: their answer was waited for until the timeout, 11 s by default, and nothing said what they are. As the first of
// several addresses, one that closed connections at once kept a driver from being opened, though the others worked; so
// did one at which another program answered, or at which the configuration was wrong. With a login the same programs
// took the whole timeout again, and a host that is unknown took it, too, though it was the only one.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Reader, Writer } from "@platformatic/kafka";
import { BrokerError, type JsonObject } from "../../mod.ts";
import { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { findTopic } from "../../src/drivers/kafka/client/metadata.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import { failureOf } from "../../src/drivers/kafka/client/failure.ts";
import { FakeBroker, TOPIC_ID } from "../drivers/kafka/fake_broker.ts";
import { test } from "../harness.ts";

interface Program {
  server: Server;
  address: string;
}

async function program(onConnection: (socket: Socket) => void): Promise<Program> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, address: `127.0.0.1:${(server.address() as { port: number }).port}` };
}

/** No test waits for as long, but for the one that has to. */
const SETUP_MS = 20_000;
const LOGIN = {
  "security.protocol": "sasl_plaintext",
  "sasl.mechanisms": "PLAIN",
  "sasl.username": "app",
  "sasl.password": "secret",
};

function connect(...servers: string[]): Promise<Cluster> {
  return connectWith({}, ...servers);
}

function connectWith(options: JsonObject, ...servers: string[]): Promise<Cluster> {
  return Cluster.connect(readSettings({
    "bootstrap.servers": servers,
    "socket.connection.setup.timeout.ms": SETUP_MS,
    "retry.backoff.ms": 20,
    ...options,
  }));
}

/** A broker is found whose address comes after another one. */
async function findBrokerAfter(address: string): Promise<void> {
  await using broker = await FakeBroker.start(1);
  const cluster = await connect(address, broker.address);
  try {
    assertEquals((await findTopic(cluster, "t"))?.id, TOPIC_ID);
  } finally {
    await cluster.close();
  }
}

/** The error of opening a driver, which comes at once. */
async function refusalOf(options: JsonObject, ...servers: string[]): Promise<BrokerError> {
  const beganMs = performance.now();
  const error = await assertRejects(() => connectWith(options, ...servers), BrokerError);
  assert(performance.now() - beganMs < SETUP_MS / 2, "the timeout was waited for");
  return error;
}

/** Answers requests, which have a number; undefined closes the connection. */
function answering(answer: (api: number, version: number) => Writer | undefined): (socket: Socket) => void {
  return (socket) =>
    void socket.on("data", (bytes: Uint8Array) => {
      const request = Reader.from(Buffer.from(bytes));
      request.readInt32();
      const body = answer(request.readInt16(), request.readInt16());
      if (body === undefined) return void socket.destroy();
      socket.write(Writer.create().appendInt32(request.readInt32()).appendFrom(body).prependLength().buffer);
    });
}

const METADATA = 3;
const SASL_HANDSHAKE = 17;
const API_VERSIONS = 18;
const SASL_AUTHENTICATE = 36;

/** Says which requests it knows, in the two forms that are asked for. */
function knowing(version: number, ...apis: number[]): Writer {
  const isCompact = version >= 3;
  const writer = Writer.create().appendInt16(0).appendArray(
    [...apis, API_VERSIONS],
    (w, api) => void w.appendInt16(api).appendInt16(0).appendInt16(api === METADATA ? 12 : version),
    isCompact,
    isCompact,
  ).appendInt32(0);
  return isCompact ? writer.appendTaggedFields() : writer;
}

const DESCRIBE_CLUSTER = 60;
const asController = answering((_, version) => knowing(version, DESCRIBE_CLUSTER));
const withLogin = answering((api, version) => api === API_VERSIONS ? knowing(version, METADATA) : undefined);
const UNSUPPORTED_MECHANISM = 33;
const refusingLogins = answering((api, version) =>
  api === API_VERSIONS
    ? knowing(version, METADATA, SASL_HANDSHAKE, SASL_AUTHENTICATE)
    : Writer.create().appendInt16(UNSUPPORTED_MECHANISM).appendArray(
      ["SCRAM-SHA-256"],
      (w, name) => {
        w.appendString(name, false);
      },
      false,
      false,
    )
);

const programs: Record<string, (socket: Socket) => void> = {
  "speaks first": (socket) => void socket.on("data", () => {}).write("SSH-2.0-OpenSSH_9.2p1\r\n"),
  "answers the greatest length": (socket) =>
    void socket.on("data", () => socket.write(new Uint8Array([0x7f, 255, 255, 255, 0, 0, 0, 0]))),
  "answers in HTTP": (socket) =>
    void socket.once("data", () => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")),
  "answers a length of nothing": (socket) => void socket.on("data", () => socket.write(new Uint8Array(4))),
};

for (const [does, onConnection] of Object.entries(programs)) {
  test(`a program that ${does} is recognized, and is not waited for`, async () => {
    const { server, address } = await program(onConnection);
    await using _ = server;
    for (const options of [{}, LOGIN]) {
      const { message, canRetry } = await refusalOf(options, address);
      assertEquals(
        message,
        `Cannot connect: Kafka at "${address}" is not a broker, but another program: check the port`,
      );
      assertEquals(canRetry, false);
    }
  });
}

const TLS_ALERT = new Uint8Array([0x15, 3, 3, 0, 2, 2, 70]);
const useless: [what: string, onConnection: (socket: Socket) => void, reason: string][] = [
  ...Object.entries(programs).map(([does, onConnection]): [string, typeof onConnection, string] => [
    `a program that ${does}`,
    onConnection,
    "is not a broker, but another program: check the port",
  ]),
  ["a controller", asController, "is a controller: give the addresses of brokers"],
  ["a broker that wants a login", withLogin, "does not answer without a login: expected"],
  [
    "a broker that wants TLS",
    (socket) => void socket.once("data", () => void socket.end(TLS_ALERT)),
    "does not answer without TLS: expected",
  ],
];

for (const [what, onConnection, reason] of useless) {
  test(`${what} keeps no driver from being opened if another address answers`, async () => {
    const { server, address } = await program(onConnection);
    await using _ = server;
    await findBrokerAfter(address);
    assertStringIncludes((await refusalOf({}, address)).message, `Kafka at "${address}" ${reason}`);
  });
}

test("each address is named with its reason if none can be used, and alike ones together", async () => {
  const mail = await program(programs["speaks first"]!);
  await using _ = mail.server;
  const other = await program(programs["answers in HTTP"]!);
  await using _other = other.server;
  const controller = await program(asController);
  await using _controller = controller.server;
  const error = await refusalOf({}, mail.address, controller.address, other.address);
  assertEquals(
    error.message,
    `Cannot connect: Kafka at "${mail.address},${other.address}" is not a broker, but another program: check the ` +
      `port; Kafka at "${controller.address}" is a controller: give the addresses of brokers`,
  );
  assertEquals(error.canRetry, false);
});

test("one address that may answer later is waited for, and all are named at the end", async () => {
  const other = await program(programs["answers in HTTP"]!);
  await using _ = other.server;
  const { message, canRetry } = await assertRejects(
    () => connectWith({ "socket.connection.setup.timeout.ms": 1000 }, other.address, "127.0.0.1:1"),
    BrokerError,
  );
  assertStringIncludes(
    message,
    `Cannot connect: Kafka at "${other.address}" is not a broker, but another program: check the port; no answer ` +
      'from Kafka at "127.0.0.1:1" in ',
  );
  assertEquals(canRetry, true);
});

test("an address that refuses a login is passed over if another one accepts it, and named otherwise", async () => {
  const refusing = await program(refusingLogins);
  await using _ = refusing.server;
  const refusal = await refusalOf(
    LOGIN,
    refusing.address,
    refusing.address.replace("127.0.0.1", "localhost"),
  );
  assertStringIncludes(refusal.message, 'refuses the login as "app" by PLAIN: UNSUPPORTED_SASL_MECHANISM');
  assertEquals([refusal.canRetry, refusal.reason], [false, "UNSUPPORTED_SASL_MECHANISM"]);
  const other = await program(programs["speaks first"]!);
  await using _other = other.server;
  const { message, canRetry } = await refusalOf(LOGIN, other.address, refusing.address);
  assertStringIncludes(
    message,
    `Cannot connect: Kafka at "${other.address}" is not a broker, but another program: check the port; Kafka at ` +
      `"${refusing.address}" refuses the login as "app" by PLAIN`,
  );
  assertEquals(canRetry, false);
});

// Each attempt was one more login with the wrong password while another broker was down: accounts get locked by that.
test("a login that is refused is not tried again because another address cannot be used", async () => {
  let logins = 0;
  const refusing = await program((socket) => (logins++, refusingLogins(socket)));
  await using _ = refusing.server;
  for (const servers of [[refusing.address, "127.0.0.1:1"], ["127.0.0.1:1", refusing.address]]) {
    logins = 0;
    const { message, canRetry, reason } = await refusalOf(LOGIN, ...servers);
    assertStringIncludes(message, `Kafka at "${refusing.address}" refuses the login as "app" by PLAIN`);
    assertStringIncludes(message, 'no answer from Kafka at "127.0.0.1:1"');
    assertEquals([logins, canRetry, reason], [1, false, "UNSUPPORTED_SASL_MECHANISM"]);
  }
});

test("a silent address is left when another one has answered: it would keep the process from ending", async () => {
  const open = new Set<Socket>();
  const silent = await program((socket) => {
    open.add(socket.on("data", () => {}));
    socket.on("close", () => open.delete(socket));
  });
  await using _ = silent.server;
  await using broker = await FakeBroker.start(1);
  const cluster = await connectWith(
    { "socket.connection.setup.timeout.ms": 1000 },
    silent.address,
    broker.address,
  );
  await cluster.close();
  // It was looked at for three seconds.
  for (const deadline = performance.now() + 1500; open.size > 0 && performance.now() < deadline;) {
    await sleep(20);
  }
  assertEquals(open.size, 0);
});

// Kafka's own client fails at once if none of the names is known.
test("a host that is unknown is reported at once if there is no other one, and passed over otherwise", async () => {
  const unknown = "no-such-host.invalid:9092";
  const { message, canRetry } = await refusalOf({}, unknown);
  assertStringIncludes(message, `Cannot connect: a host of Kafka at "${unknown}" is unknown: `);
  assertStringIncludes(message, 'check the name in "bootstrap.servers"');
  assertEquals(canRetry, true);
  await using broker = await FakeBroker.start(1);
  await (await connect(unknown, broker.address)).close();
});

test("a certificate without addresses is said to have none", () => {
  const cause = Object.assign(
    new Error("Hostname/IP does not match certificate's altnames: IP: 127.0.0.1 is not in the cert's list: "),
    { code: "ERR_TLS_CERT_ALTNAME_INVALID" },
  );
  const { message } = failureOf(cause, "connect", { servers: "127.0.0.1:1", identity: "" }, 0);
  assertStringIncludes(message, "altnames: IP: 127.0.0.1: the certificate has no addresses; use a name");
});

test("a broker is found after an address that closes each connection at once", async () => {
  const { server, address } = await program((socket) => socket.destroy());
  await using _ = server;
  await findBrokerAfter(address);
});
