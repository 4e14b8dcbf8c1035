import { assertEquals } from "@std/assert";
import { bytesOf } from "../../../../src/drivers/kafka/admin/describe.ts";
import { firstIdAfter } from "../../../../src/drivers/kafka/admin/trim.ts";
import { test } from "../../../harness.ts";

const description = { partition: 0, firstId: 100, nextId: 200, bytes: 1000, segments: 0 };
const facts = { description, acknowledgedId: undefined, sinceId: undefined };

test("several conditions remove what any one of them would, at most everything", () => {
  assertEquals(firstIdAfter({ beforeId: 150 }, facts), 150);
  assertEquals(firstIdAfter({ beforeId: 50 }, facts), 100);
  assertEquals(firstIdAfter({ beforeId: 500 }, facts), 200);
  assertEquals(firstIdAfter({ beforeId: 110, acknowledged: true }, { ...facts, acknowledgedId: 130 }), 130);
  assertEquals(firstIdAfter({ beforeTime: 1 }, { ...facts, sinceId: 170 }), 170);
});

test("sizes are estimated from the mean size of events", () => {
  assertEquals(firstIdAfter({ maxBytes: 250 }, facts), 175);
  assertEquals(firstIdAfter({ maxBytes: 1000 }, facts), 100);
  assertEquals(firstIdAfter({ maxBytes: 0 }, facts), 200);
  assertEquals([bytesOf(description, 0), bytesOf(description, 1), bytesOf(description, 100)], [0, 10, 1000]);
});
