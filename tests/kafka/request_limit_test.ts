// Brokers read no more than the size of a request that is larger than `socket.request.max.bytes`, and close the
// connection. Pushes were sent again until `message.timeout.ms`, 5 minutes, and then all of the batch failed.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Driver, LimitExceededError } from "../../mod.ts";
import { brokerMissing, Cluster } from "../../tools/kafka/broker.ts";
import { test } from "../harness.ts";
import { CLUSTER, without } from "./rights.ts";

const LIMIT = 100_000;
const TOO_LARGE = 37;

test(
  "kafka: batches that are larger than a request may be are split, and an event that is too large fails alone",
  {
    skip: brokerMissing,
  },
  async () => {
    await using cluster = await Cluster.start({ properties: { "socket.request.max.bytes": String(LIMIT) } });
    for (const codec of ["none", "gzip"]) {
      await using driver = await Driver.open("octopus", {
        kafka: { "bootstrap.servers": cluster.servers, "compression.type": codec },
      });
      await driver.createTopic(codec, { num_partitions: 1 });
      await using topic = await driver.openTopic(codec);
      await using producer = topic.producer();
      const pushes: Promise<number>[] = [];
      for (let n = 0; n < 60; n++) {
        const data = new Uint8Array(n === TOO_LARGE ? LIMIT : LIMIT / 10);
        for (let at = 0; at < data.length; at += 10_000) {
          crypto.getRandomValues(data.subarray(at, at + 10_000));
        }
        pushes.push(producer.push(n, data).then((id) => id));
      }
      const settled = await Promise.allSettled(pushes);
      const stored = Array.from(settled, (one, n) => ({ one, n })).filter(({ one }) =>
        one.status === "fulfilled"
      );
      const failed = settled[TOO_LARGE];
      assert(
        failed.status === "rejected" && failed.reason instanceof LimitExceededError,
        String(failed.status),
      );
      assertStringIncludes(
        failed.reason.message,
        `takes requests of ${LIMIT}; raise "socket.request.max.bytes"`,
      );
      assertEquals(stored.length, 59);
      await using consumer = topic.consumer("reader");
      const read: unknown[] = [];
      for await (const { metadata } of consumer.events({ until: "end" })) read.push(metadata);
      assertEquals(read, stored.map(({ n }) => n));
    }
  },
);

// Without the right to ask brokers for that limit nothing was split: pushes failed after `message.timeout.ms`.
test(
  "kafka: batches that are larger than a request may be are split on trial by users who may not read the limit",
  {
    skip: brokerMissing,
  },
  async () => {
    await using cluster = await Cluster.start({
      properties: {
        "socket.request.max.bytes": String(LIMIT),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "true",
      },
    });
    const connection = { bootstrapBrokers: cluster.servers.split(",") };
    await without(connection, "ANONYMOUS", ["describeConfigs", "cluster", CLUSTER], async () => {
      await using driver = await Driver.open("octopus", { kafka: { "bootstrap.servers": cluster.servers } });
      await driver.createTopic("t", { num_partitions: 1 });
      await using topic = await driver.openTopic("t");
      await using producer = topic.producer();
      const pushes: Promise<number>[] = [];
      for (let n = 0; n < 60; n++) {
        pushes.push(producer.push(n, new Uint8Array(LIMIT / 10)).then((id) => id));
      }
      assertEquals(await Promise.all(pushes), Array.from(pushes, (_, n) => n));
      assertEquals((await topic.describe()).map(({ nextId }) => nextId), [60]);
    });
  },
);
