// With `group.instance.id`, the consumers of one name on two topics had the same id: brokers mistook the second
// for the first one rejoining, and one of the two got nothing, without an error. Two on one topic got events
// twice. Each has its own id now; tests/kafka/static_members_test.ts tries it with a broker.
import { assertEquals, assertNotEquals } from "@std/assert";
import { takeInstanceId } from "../../src/drivers/kafka/group.ts";
import { test } from "../harness.ts";

const PLACE = { servers: "instance-id-test:9092", group: "g", kafkaName: "t" };

test("every member of a process has its own id, by topic and by number", () => {
  const members = ["t", "t", "u"].map((kafkaName) => takeInstanceId("host", { ...PLACE, kafkaName }));
  assertEquals(members.map(({ id }) => id), ["host-1-t", "host-2-t", "host-1-u"]);
  for (const { release } of members) release();
});

test("a member that returns has the same id", () => {
  const first = takeInstanceId("back", PLACE);
  const second = takeInstanceId("back", PLACE);
  first.release();
  const again = takeInstanceId("back", PLACE);
  assertEquals([again.id, second.id], [first.id, "back-2-t"]);
  again.release();
  second.release();
});

test("ids too long for a broker are shortened, and stay distinct", () => {
  const long = takeInstanceId("x".repeat(200), { ...PLACE, kafkaName: "t".repeat(200) });
  const other = takeInstanceId("x".repeat(200), { ...PLACE, kafkaName: `${"t".repeat(199)}u` });
  assertEquals([long.id.length, other.id.length], [249, 249]);
  assertNotEquals(long.id, other.id);
  long.release();
  other.release();
});
