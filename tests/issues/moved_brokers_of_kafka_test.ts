// All brokers of a cluster got other addresses, one after the other. Producers and readers went on, which knew the new
// ones; everything else asked the addresses that the driver was opened with, for good: commits, `describe`, `lag`,
// topics and consumers that were opened later. The client forgets the brokers it knows when a request fails. It also
// asked the first address first each time, although that did not answer: a machine that is switched off cost ten
// seconds whenever a connection was made.
import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import type { AnyClient } from "../../src/drivers/kafka/client/client_internals.ts";
import { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { KnownBrokers } from "../../src/drivers/kafka/client/known_brokers.ts";
import { findTopic } from "../../src/drivers/kafka/client/metadata.ts";
import { PartitionDelivery } from "../../src/drivers/kafka/produce/partition_delivery.ts";
import { RecordBatch, recordsOf } from "../../src/drivers/kafka/format/record_batch.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import { FakeBroker, TOPIC_ID } from "../drivers/kafka/fake_broker.ts";
import { test } from "../harness.ts";

const TOPIC = { name: "t", kafkaName: "t", id: TOPIC_ID };
const GIVEN = [{ host: "a", port: 1 }, { host: "b", port: 1 }];

test("a cluster whose brokers have all moved is found where they said they are, by new clients too", async () => {
  await using later = await FakeBroker.start(1);
  const earlier = await FakeBroker.start(1);
  earlier.advertisedPort = Number(later.address.split(":")[1]);
  const cluster = await Cluster.connect(readSettings({
    "bootstrap.servers": earlier.address,
    "retry.backoff.ms": 20,
  }));
  const client = cluster.producer();
  try {
    await earlier[Symbol.asyncDispose]();
    for (let again = 0; again < 2; again++) {
      assertEquals((await findTopic(cluster, "t"))?.id, TOPIC_ID);
      // As after each failed request.
      await cluster.run("fail once", (admin) => {
        admin.clearMetadata();
        return Promise.resolve();
      });
    }
    const delivery = new PartitionDelivery({ cluster, client, topic: TOPIC, partition: 0 });
    const batch = RecordBatch.encode([recordsOf([Buffer.from("event")])]);
    assertEquals(await delivery.send(batch), 100);
  } finally {
    await client.close(true);
    await cluster.close();
  }
});

/** A client that only notes whom it asks. */
function rig(): { clients: EventEmitter[]; asked(client: number, attempt?: number): string } {
  const brokers = new KnownBrokers(GIVEN, 10_000);
  const kGetBootstrapConnection = Symbol("first");
  const kGetApi = Symbol("api");
  const makeClient = () => {
    const client = Object.assign(new EventEmitter(), {
      asked: "",
      [kGetApi]: () => {},
      connections: {
        on: () => {},
        has: () => true,
        get: ({ host }: typeof GIVEN[number], callback: (error: Error) => void) => {
          client.asked += host;
          callback(new Error("not reached"));
        },
      },
    });
    const module = { kGetBootstrapConnection, kGetApi, MultipleErrors: AggregateError };
    brokers.share(client as unknown as AnyClient, module as never);
    return client;
  };
  const clients = [makeClient(), makeClient()];
  return {
    clients,
    asked: (number, attempt) => {
      const client = clients[number];
      client.asked = "";
      (client as unknown as Record<symbol, (callback: () => void, attempt?: number) => void>)
        [kGetBootstrapConnection](() => {}, attempt);
      return client.asked;
    },
  };
}

function metadata(...hosts: string[]): unknown {
  return { brokers: new Map(hosts.map((host, id) => [id, { host, port: 1 }])) };
}

test("what one client learns of the brokers is known to all, and the given ones stay", () => {
  const { clients: [client], asked } = rig();
  assertEquals(asked(1), "ab");
  client.emit("client:metadata", metadata("b", "c", "d"));
  assertEquals([asked(0), asked(1), asked(1, 1), asked(1, 6)], ["abcd", "abcd", "bcda", "cdab"]);
  client.emit("client:metadata", metadata("d", "e"));
  client.emit("client:metadata", metadata());
  assertEquals(asked(1), "abde");
});

test("a broker that cannot be reached is asked last", () => {
  const { clients: [client, other], asked } = rig();
  client.emit("client:metadata", metadata("c"));
  client.emit("client:broker:failed", { broker: { host: "a", port: 1 } });
  client.emit("client:broker:failed", { broker: { host: "x", port: 1 } });
  assertEquals(asked(1), "bca");
  other.emit("client:metadata", metadata("c"));
  assertEquals(asked(0), "bca");
});
