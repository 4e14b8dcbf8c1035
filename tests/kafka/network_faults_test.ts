// Connections that are cut off, half closed, delayed or silent, while events are pushed and read: each with the
// number of events that were lost, duplicated or reordered, which must be 0.
import { assert, assertEquals } from "@std/assert";
import { Driver } from "../../mod.ts";
import { brokerMissing, Cluster } from "../../tools/kafka/broker.ts";
import { freePorts } from "../../tools/kafka/ports.ts";
import { test } from "../harness.ts";
import { type Fault, FaultProxy } from "./fault_proxy.ts";
import { checkStored, Pushing, Reading, sleep } from "./traffic.ts";

const skip = brokerMissing;
const [proxyPort] = await freePorts(1);
/** The broker of all tests here, which sends its clients to the proxy. */
const cluster = brokerMissing === false
  ? await Cluster.start({ properties: { "advertised.listeners": `PLAINTEXT://127.0.0.1:${proxyPort}` } })
  : undefined;
const FAULT_MS = 120;
const REST_MS = 400;

/** A fault, and its duration; a silent connection is only noticed by a timeout. */
const FAULTS: readonly [Fault, number, number][] = [
  ["cut answers", FAULT_MS, 6],
  ["cut requests", FAULT_MS, 6],
  ["half close", FAULT_MS, 6],
  ["delay", 600, 4],
  ["black hole", 2500, 2],
];

for (const [fault, ms, times] of FAULTS) {
  test(`kafka: "${fault}" between client and broker loses and duplicates no event, and keeps their order`, {
    skip,
    limitMs: 300_000,
  }, async () => {
    await using proxy = await FaultProxy.start(proxyPort);
    proxy.target = Number(cluster!.servers.split(":")[1]);
    await using driver = await Driver.open("octopus", {
      kafka: {
        "bootstrap.servers": `127.0.0.1:${proxy.port}`,
        "message.timeout.ms": 120_000,
        "socket.timeout.ms": 1500,
        "session.timeout.ms": 10_000,
        "heartbeat.interval.ms": 500,
      },
    });
    const name = fault.replace(" ", "-");
    await driver.createTopic(name, { num_partitions: 2 });
    await using topic = await driver.openTopic(name);
    await using pushing = new Pushing(topic);
    await using reading = new Reading(topic, "reader");
    await pushing.more(100);
    for (let time = 0; time < times; time++) {
      proxy.fault = fault;
      await sleep(ms);
      proxy.fault = "none";
      await sleep(REST_MS);
    }
    await pushing.more(100);
    await pushing.stop();
    await reading.seesAll(pushing.stored);
    await reading.stop();
    assert((proxy.counts.get(fault) ?? 0) > 0, "the fault never met anything");

    // Nothing is lost or duplicated in Kafka …
    await checkStored(topic, pushing.stored);
    // … nor out of order: ids increase in the order of the pushes.
    for (const partition of [0, 1]) {
      const stored = [...pushing.stored].map(([place, n]) => ({ place: place.split(":").map(Number), n }))
        .filter(({ place }) => place[0] === partition)
        .sort((one, other) => one.place[1] - other.place[1]);
      assertEquals(stored.map(({ n }) => n), stored.map(({ n }) => n).sort((one, other) => one - other));
    }
    // A reader that was cut off may get an event again, but never a different one under its id.
    for (const [place, values] of reading.seen) assertEquals(new Set(values).size, 1, place);
  });
}
