// The oldest version that the page about Kafka claims to support. It is not downloaded for this test: if it is
// missing, the test is skipped; `npm run kafka -- --version 2.8.2` downloads it.
import { assert, assertEquals } from "@std/assert";
import * as zlib from "node:zlib";
import { Driver, FullDataSelector } from "../../mod.ts";
import { Cluster, oldestMissing } from "../../tools/kafka/broker.ts";
import { OLDEST_VERSION } from "../../tools/kafka/distribution.ts";
import { test } from "../harness.ts";
import { Reading, until } from "./traffic.ts";

// Node has zstd only from version 22.15 on.
const CODECS = ["none", "gzip", "snappy", "lz4", ...("zstdCompressSync" in zlib ? ["zstd"] : [])];
const EVENTS = 100;

test(
  `kafka ${OLDEST_VERSION}: topics are made, filled with every codec, read by a group, trimmed, edited and deleted`,
  { skip: oldestMissing(), limitMs: 120_000 },
  async () => {
    await using cluster = await Cluster.start({ version: OLDEST_VERSION });
    const open = (compression: string): Promise<Driver> =>
      Driver.open("kafka", {
        kafka: {
          "bootstrap.servers": cluster.servers,
          "compression.type": compression,
          "heartbeat.interval.ms": 200,
          "session.timeout.ms": 6000,
        },
      });
    await using driver = await open("none");
    await driver.createTopic("t", { num_partitions: 2, retention_seconds: 1000 });
    await using topic = await driver.openTopic("t");
    for (const compression of CODECS) {
      await using other = await open(compression);
      await using same = await other.openTopic("t");
      await using producer = same.producer();
      for (let n = 0; n < EVENTS; n++) {
        producer.push({ compression, n }, new Uint8Array(100).fill(n), { partition: n % 2 });
      }
      await producer.flush();
    }
    const end = EVENTS / 2 * CODECS.length;
    assertEquals((await topic.describe()).map(({ nextId }) => nextId), [end, end]);
    await using alone = topic.consumer("alone", { dataSelector: FullDataSelector });
    const found = new Set<string>();
    for await (const event of alone.events({ until: "end" })) {
      const { compression, n } = event.metadata as { compression: string; n: number };
      assertEquals(event.data, new Uint8Array(100).fill(n));
      found.add(`${compression} ${n}`);
    }
    assertEquals(found.size, EVENTS * CODECS.length);

    // The lag is what has not been acknowledged.
    await using half = topic.consumer("half");
    for await (const event of half.events({ until: "end" })) {
      if (event.id !== 9) continue;
      await event.acknowledge();
    }
    assertEquals((await topic.lag("half")).map(({ events }) => events), [end - 10, end - 10]);

    // Two consumers with one name share the partitions.
    await using first = new Reading(topic, "readers");
    await using second = new Reading(topic, "readers");
    await until(
      "everything read",
      () => new Set([...first.seen.keys(), ...second.seen.keys()]).size === 2 * end,
    );
    await first.stop();
    await second.stop();
    assertEquals((await topic.lag("readers")).map(({ events }) => events), [0, 0]);
    assert((await topic.consumers()).includes("readers"));

    await topic.trim({ beforeId: 10 });
    assertEquals((await topic.describe()).map(({ firstId }) => firstId), [10, 10]);
    await topic.edit({ retention_seconds: 2000 });
    await topic.close();
    await driver.deleteTopic("t");
    assertEquals(await driver.topicExists("t"), false);
  },
);
