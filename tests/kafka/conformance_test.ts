// The octopus driver passes the driver contract, with a real broker.
import { assertEquals } from "@std/assert";
import { Driver } from "../../mod.ts";
import { everything, testDriver } from "../../src/testing/mod.ts";
import { test } from "../harness.ts";
import { brokerMissing, Cluster } from "../../tools/kafka/broker.ts";

const cluster = brokerMissing === false ? await Cluster.start() : undefined;
let places = 0;

const left = testDriver((name, body) => test(`kafka: ${name}`, { skip: brokerMissing }, body), {
  factory() {
    const namespace = `place-${++places}`;
    const open = () => Driver.open("octopus", { kafka: settings(), namespace });
    return {
      open,
      async dispose() {
        await using driver = await open();
        for (const name of (await driver.listTopics()).keys()) await driver.deleteTopic(name);
      },
    };
  },
  // Retention of a topic can be changed, but the only durability is that of all in-sync replicas.
  // A group is what its brokers say: they do not know readers outside it, and may move any partitions at once.
  supports: { ...everything, editing: false, loneReaders: false, calmHandover: false },
  patienceMs: 15_000,
});

function settings(): Record<string, string> {
  // Group members learn of each other by their heartbeats.
  return { "bootstrap.servers": cluster!.servers, "heartbeat.interval.ms": "200" };
}

test("kafka: every rule of the contract holds except the one about durability", () => {
  assertEquals(left.filter((name) => !name.includes("not supported") && !name.includes("refused where")), [
    "edit() changes options for every user, and refuses those that cannot change",
    "joining and leaving moves no partition unnecessarily",
    "an event of a partition that moved cannot be acknowledged by its former owner, and is delivered again",
    "a partition moves to a new member once its delivered events are acknowledged, and nothing is delivered twice",
    "a group and a consumer outside it cannot use one name",
  ]);
});
