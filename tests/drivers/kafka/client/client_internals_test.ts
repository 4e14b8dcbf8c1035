// What the driver uses of its client besides the documented methods. The client is pinned: if one of these
// tests fails, the pin was moved, and what it tests has to be checked before the driver can be trusted with the
// new version.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { walkSync } from "@std/fs/walk";
import type { Admin, CallbackWithPromise, Connection } from "@platformatic/kafka";
import { readFetches } from "../../../../src/drivers/kafka/client/checked_fetch.ts";
import type { BatchContent } from "../../../../src/drivers/kafka/format/fetched.ts";
import { loadClient } from "../../../../src/drivers/kafka/client.ts";
import {
  type Api,
  keepPartialMetadata,
  requestOnce,
  wrapApi,
} from "../../../../src/drivers/kafka/client/client_internals.ts";
import { test } from "../../../harness.ts";
import { FakeBroker } from "../fake_broker.ts";

const client = await loadClient();
const root = new URL("../../../../", import.meta.url);

function textOf(path: string): string {
  return readFileSync(new URL(path, root), "utf8");
}

function place(address: string): { host: string; port: number } {
  const [host, port] = address.split(":");
  return { host, port: Number(port) };
}

function adminOf(broker: FakeBroker): Admin {
  return new client.Admin({ clientId: "test", bootstrapBrokers: [broker.address], retries: 0 });
}

test("the client is pinned to the version that these tests ran with, in every manifest", () => {
  const { peerDependencies, devDependencies } = JSON.parse(textOf("package.json"));
  const pin = devDependencies["@platformatic/kafka"];
  assert(/^\d+\.\d+\.\d+$/.test(pin), pin);
  assertEquals(peerDependencies["@platformatic/kafka"], pin);
  assert(textOf("deno.json").includes(`"npm:@platformatic/kafka@${pin}"`));
  assertEquals(client.clientSoftwareVersion, pin);
});

test("what the driver uses besides the documented methods is in the files that the decision about it names", () => {
  const folder = fileURLToPath(new URL("src/drivers/kafka/", root));
  const page = textOf("docs/decisions/kafka_fetch_loop.md");
  const named = /used only\s+in (.*?):\n/s.exec(page)![1];
  const users = [...walkSync(folder, { exts: ["ts"] })].filter(({ path }) =>
    /\b(?:kGet\w+|ConnectionPool|Writer)\b/.test(readFileSync(path, "utf8"))
  );
  assert(users.length > 0);
  assertEquals(users.map(({ name }) => name).filter((file) => !named.includes(`\`${file}\``)), []);
});

test("the first connection comes from kGetBootstrapConnection, and events tell the brokers of the metadata", async () => {
  await using broker = await FakeBroker.start(1);
  const admin = new client.Admin({ clientId: "test", bootstrapBrokers: ["127.0.0.1:1"], retries: 0 });
  const failed: number[] = [];
  const found: number[] = [];
  admin.on("client:broker:failed", ({ broker: { port } }) => failed.push(port));
  admin.on("client:metadata", ({ brokers }) => found.push(...[...brokers.values()].map(({ port }) => port)));
  await assertRejects(() => admin.metadata({ topics: ["t"] }));
  assertEquals([failed, found], [[1], []]);
  Object.defineProperty(admin, client.kGetBootstrapConnection, {
    value: (callback: CallbackWithPromise<Connection>) =>
      admin.connections.get(place(broker.address), callback),
  });
  await admin.metadata({ topics: ["t"] });
  assertEquals(found, [place(broker.address).port]);
  await admin.close();
});

test("kGetConnection and kGetApi give a connection and a request of any name", async () => {
  await using broker = await FakeBroker.start(2);
  const admin = adminOf(broker);
  const connections: unknown[] = [];
  const answer = await requestOnce<{ topics: unknown[] }>(admin, client, place(broker.address), {
    name: "ListOffsets",
    parameters: [-1, 0, [{
      name: "t",
      partitions: [{ partitionIndex: 1, currentLeaderEpoch: -1, timestamp: -1n }],
    }]],
    onConnection: (connection) => connections.push(connection),
  });
  assertEquals(answer.topics.length, 1);
  assertEquals(connections.length, 1);
  assert(connections[0] instanceof client.Connection);
  await assertRejects(() =>
    requestOnce(admin, client, place(broker.address), { name: "NoSuchRequest", parameters: [] })
  );
  await admin.close();
});

test("the client's own requests go through kGetApi, so that they can be wrapped", async () => {
  await using broker = await FakeBroker.start(1);
  const admin = adminOf(broker);
  const versions: number[] = [];
  wrapApi(admin, client, "Metadata", (api) => {
    versions.push(api.version);
    return Object.assign((...parameters: Parameters<Api>) => api(...parameters), { version: api.version });
  });
  await admin.metadata({ topics: ["t"] });
  await admin.listTopics();
  assertEquals(versions, [12, 12]);
  await admin.close();
});

test("an error about a response has the response, and names the partition of each fault", async () => {
  await using broker = await FakeBroker.start(2);
  broker.orphan(1);
  const admin = adminOf(broker);
  const error = await assertRejects(() => admin.metadata({ topics: ["t"] })) as unknown as {
    errors: { path: string; apiId: string }[];
    response: { topics: unknown[] };
  };
  assertEquals(error.errors.map(({ path, apiId }) => [path, apiId]), [
    ["/topics/0/partitions/0", "LEADER_NOT_AVAILABLE"],
  ]);
  assertEquals(error.response.topics.length, 1);
  keepPartialMetadata(admin, client);
  const { topics } = await admin.metadata({ topics: ["t"] });
  assertEquals(topics.get("t")?.partitions.map(({ leader }) => leader), [1, -1]);
  await admin.close();
});

test("the client takes a partition's batches from a Fetch response by subarray() only", () => {
  const records =
    client.createRecordsBatch([{ topic: "t", partition: 0, value: Buffer.from("event") }]).buffer;
  const damaged = Buffer.from(records);
  damaged[damaged.length - 1] ^= 1;
  const answer = client.Writer.create().appendInt32(0).appendInt16(0).appendInt32(0)
    .appendArray([records, damaged], (w, batch, index) => {
      w.appendUUID("00000000-0000-0000-0000-000000000007").appendArray([batch], (w) => {
        w.appendInt32(index).appendInt16(0).appendInt64(1n).appendInt64(1n).appendInt64(0n)
          .appendUnsignedVarInt(0).appendInt32(-1).appendUnsignedVarInt(batch.length + 1)
          .append(batch);
      });
    }).appendTaggedFields().buffer;
  // A client that supports only the newest version of Fetch.
  const bare = {
    [client.kGetApi]: (_name: string, callback: (error: null, api: unknown) => void) =>
      callback(null, client.fetchV17.api),
  };
  readFetches(bare as never, client, true);
  let parsed: { responses: { partitions: { records: BatchContent[] }[] }[] };
  const connection = {
    send(
      key: number,
      version: number,
      _request: unknown,
      parse: (id: number, key: number, version: number, reader: unknown) => typeof parsed,
    ): void {
      parsed = parse(1, key, version, client.Reader.from(answer));
    },
    close: () => Promise.resolve(),
    socket: undefined as never,
    host: "",
    port: 0,
  };
  bare[client.kGetApi]("Fetch", (_, api) => (api as Api)(connection, 0, 0, 0, 0, 0, 0, [], [], "", () => {}));
  assertEquals(
    parsed!.responses.map(({ partitions: [{ records: [{ fault, length, records }] }] }) => [
      fault,
      length,
      records.map(({ value }) => String(value)),
    ]),
    [[undefined, records.length - 12, ["event"]], ["its checksum is wrong", records.length - 12, []]],
  );
});

test("without an id a producer's sequence numbers are its caller's, and an id can be requested without a batch", async () => {
  await using broker = await FakeBroker.start(1);
  const producer = new client.Producer({
    clientId: "test",
    bootstrapBrokers: [broker.address],
    idempotent: false,
    retries: 0,
  });
  const { producerId, producerEpoch } = await producer.initIdempotentProducer({});
  assertEquals([producerId, producerEpoch], [1000n, 0]);
  const sequences = new client.NumericMap([["t:0", 7]]);
  const messages = [{
    topic: "t",
    partition: 0,
    value: Buffer.from("event"),
    timestamp: 1n,
    headers: new Map(),
  }];
  await requestOnce(producer as never, client, place(broker.address), {
    name: "Produce",
    parameters: [client.ProduceAcks.ALL, 1000, messages, {
      compression: "none",
      partitionLeaderEpoch: -1,
      producerId,
      producerEpoch,
      sequences,
    }],
  });
  assertEquals(broker.produced, [{ partition: 0, producerId: 1000n, sequence: 7, count: 1 }]);
  await producer.close();
});

test("a client without retries tries once, and logs when it tries again", async () => {
  await using broker = await FakeBroker.start(1);
  broker.topicError = 5;
  const once = adminOf(broker);
  await assertRejects(() => once.metadata({ topics: ["t"] }));
  const twice = new client.Admin({
    clientId: "test",
    bootstrapBrokers: [broker.address],
    retries: 2,
    retryDelay: 1,
  });
  const said: unknown[][] = [];
  for (const [admin, name] of [[once, "once"], [twice, "twice"]] as const) {
    admin.on("client:performWithRetry:retry", (operation, attempt) => said.push([name, operation, attempt]));
  }
  await assertRejects(() => once.metadata({ topics: ["t"], forceUpdate: true }));
  await assertRejects(() => twice.metadata({ topics: ["t"] }));
  assertEquals(said, [["twice", "metadata", 0], ["twice", "metadata", 1]]);
  await once.close();
  await twice.close();
});
