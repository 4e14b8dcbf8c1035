// Behaviour of other implementations was refused or misread: a configuration of the C++ driver without the
// service's URL, which has a default there; an unknown group, for which kfake returns an error where Apache's
// brokers return an empty answer; and ids at a partition's end that are not events (transaction markers, and
// the C++ driver's end marker), which caused a lag of 1 for ever.
import { assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import type { Cluster } from "../../src/drivers/kafka/client/cluster.ts";
import { lagOf } from "../../src/drivers/kafka/admin/describe.ts";
import { Offsets } from "../../src/drivers/kafka/offsets/offsets.ts";
import { readServiceOptions } from "../../src/drivers/kafka/settings/octopus_service.ts";
import { isEndMark } from "../../src/drivers/kafka/format/record.ts";
import { test } from "../harness.ts";

test("a configuration of the C++ driver without a service means the C++ driver's default", () => {
  const { url } = readServiceOptions({ subject: "me", authorization: "secret" });
  assertEquals(url, "https://diaspora-web-service.qpp943wkvr7b2.us-east-1.cs.amazonlightsail.com");
});

function offsetsOf(apiId: string): Offsets {
  const answer = () => Promise.reject(Object.assign(new Error("no"), { apiId }));
  const ask = (_: string, read: (admin: unknown) => unknown) => read({ listConsumerGroupOffsets: answer });
  return new Offsets({ ask } as unknown as Cluster, "t");
}

test("a group unknown to the broker has no positions", async () => {
  assertEquals(await offsetsOf("GROUP_ID_NOT_FOUND").stored("new", [0, 1]), new Map());
  await assertRejects(() => offsetsOf("GROUP_AUTHORIZATION_FAILED").stored("new", [0, 1]));
});

for (const [what, time, events] of [["marks", undefined, 0], ["an event", 500, 2]] as const) {
  test(`a partition where ${what} come after what was read has a lag of ${events}`, async () => {
    const [lag] = await lagOf({
      described: [{ partition: 0, firstId: 0, nextId: 10, bytes: 100, segments: 0 }],
      stored: new Map([[0, 8]]),
      timeOf: () => Promise.resolve(time),
      now: 1500,
    });
    assertEquals([lag.events, lag.seconds, lag.bytes], [events, events / 2, events * 10]);
  });
}

test("the end marker of the C++ driver is recognized, and nothing else is", () => {
  assertEquals(isEndMark(Buffer.alloc(16, 0xff)), true);
  for (const other of [Buffer.alloc(17, 0xff), Buffer.alloc(16), null, undefined]) {
    assertEquals(isEndMark(other), false);
  }
});
