// The octopus driver keeps the contract of drivers, against a real broker.
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
  // Topics take changes of retention, but no other durability than that of all replicas in sync.
  // A group is what its brokers say: they know of no readers beside it, and move partitions at once, any of them.
  supports: { ...everything, editing: false, loneReaders: false, calmHandover: false },
  patienceMs: 15_000,
});

function settings(): Record<string, string> {
  // Members of a group hear of each other by their heartbeats.
  return { "bootstrap.servers": cluster!.servers, "heartbeat.interval.ms": "200" };
}

test("kafka: every rule of the contract is kept but the one about durability", () => {
  assertEquals(left.filter((name) => !name.includes("not supported") && !name.includes("refused where")), [
    "edit() changes options for everybody, and refuses those that cannot change",
    "joining and leaving moves no more partitions than it must",
    "an event of a partition that moved cannot be acknowledged by its former owner, and comes again",
    "a partition goes to a new member when what was delivered of it is acknowledged, and nothing comes twice",
    "a group of one name does not go beside a consumer of that name that reads alone",
  ]);
});
