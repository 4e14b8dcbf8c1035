import { assertEquals, assertRejects } from "@std/assert";
import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers/promises";
import { LimitExceededError } from "../../../../src/errors.ts";
import { PartitionSender, Shipment } from "../../../../src/drivers/kafka/produce/partition_sender.ts";
import {
  type RecordRange,
  type Records,
  recordsOf,
} from "../../../../src/drivers/kafka/format/record_batch.ts";
import { valuesIn } from "../values.ts";
import { test } from "../../../harness.ts";

/** The names of records, each in its value. */
function namesOf(ranges: readonly RecordRange[]): string {
  return ranges.flatMap(({ records, first, count }) => valuesIn(records).slice(first, first + count)).join();
}

function recordsNamed(...names: string[]): Records {
  return recordsOf(names.map((name) => Buffer.from(name))).records;
}

/** A sender, and what happened: "encoded 1", "sent 1". A shipment takes that share of a batch. */
function senderOf(share: number) {
  const log: string[] = [];
  const answers: ((baseId: number) => void)[] = [];
  const sender = new PartitionSender<string>({ bytesMax: 100_000, isMerging: true }, {
    begin: () => {},
    encode: (ranges) => {
      log.push(`encoded ${namesOf(ranges)}`);
      return namesOf(ranges);
    },
    send: (names) => {
      log.push(`sent ${names}`);
      return new Promise((resolve) => answers.push(resolve));
    },
  });
  const enqueue = (name: string) =>
    sender.enqueue(new Shipment(1, share * 100_000, () => recordsNamed(name)));
  return { sender, enqueue, log, answers };
}

test("a full batch is encoded while the one before it is on its way, and once", async () => {
  const { enqueue, log, answers } = senderOf(0.6);
  const pushed = ["1", "2", "3"].map(enqueue);
  await setImmediate();
  await setImmediate();
  assertEquals(log, ["encoded 1", "sent 1", "encoded 2"]);
  for (let n = 0; n < 3; n++) {
    while (answers.length <= n) await setImmediate();
    answers[n](n);
  }
  assertEquals(await Promise.all(pushed), [0, 1, 2]);
  assertEquals(log.slice(3), ["sent 2", "encoded 3", "sent 3"]);
});

test("a batch with room waits for more until it is its turn", async () => {
  const { enqueue, log, answers } = senderOf(0.1);
  const pushed: Promise<number>[] = [];
  for (const name of ["1", "2", "3", "4"]) {
    pushed.push(enqueue(name));
    await setImmediate();
  }
  assertEquals(log, ["encoded 1", "sent 1"]);
  answers[0](0);
  while (answers.length < 2) await setImmediate();
  answers[1](1);
  assertEquals(await Promise.all(pushed), [0, 1, 2, 3]);
  assertEquals(log.slice(2), ["encoded 2,3,4", "sent 2,3,4"]);
});

test("records that cannot be read fail alone, also among others that are sent together", async () => {
  const sent: string[] = [];
  const sender = new PartitionSender<string>({ bytesMax: 100_000, isMerging: true }, {
    begin: () => {},
    encode: namesOf,
    send: (names) => {
      sent.push(names);
      return Promise.resolve(10);
    },
  });
  const shipments = ["a", "b", undefined, "c"].map((text) =>
    new Shipment(1, 100, () => {
      if (text === undefined) throw new Error("its data is gone");
      return recordsNamed(text);
    })
  );
  const pushed = shipments.map((shipment) => sender.enqueue(shipment));
  await assertRejects(() => pushed[2], Error, "its data is gone");
  assertEquals([await pushed[0], await pushed[1], await pushed[3]], [10, 11, 12]);
  assertEquals(sent, ["a,b,c"]);
  const empty = new Shipment(1, 100, () => recordsNamed());
  assertEquals([await sender.enqueue(empty), sent.length], [0, 1], "nothing is left of it to be sent");
  const alone = new Shipment(1, 100, () => {
    throw new Error("nothing is left");
  });
  await assertRejects(() => sender.enqueue(alone), Error, "nothing is left");
  await sender.idle();
});

// Every batch was halved again step by step, and each of its parts, too: of 900 kB for a limit of 100 kB, 3.6 MB were
// sent in vain.
test("after a batch had to be split, the next ones are split before they are sent", async () => {
  let recordsMax = 2;
  const sent: string[] = [];
  const sender = new PartitionSender<string>({ bytesMax: 100_000, isMerging: true }, {
    begin: () => {},
    encode: namesOf,
    send: (names) => {
      sent.push(names.replaceAll("_", ""));
      if (names.split(",").length > recordsMax) throw new LimitExceededError("too large");
      return Promise.resolve(sent.length);
    },
  });
  const settled: unknown[] = [];
  const send = async (...names: string[]) => {
    sent.splice(0);
    const records = recordsNamed(...names.map((name) => name.padEnd(100, "_")));
    const shipment = new Shipment(names.length, names.length * 100, () => records);
    await sender.enqueue(shipment, (parts) => settled.push(...parts));
    return [...sent];
  };
  const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
  assertEquals(await send(...names), ["a,b,c,d,e,f,g,h", "a,b,c,d", "a,b", "c,d", "e,f", "g,h"]);
  assertEquals(await send(...names), ["a,b", "c,d", "e,f", "g,h"]);
  assertEquals(settled.length, 8);
  // What is not larger is sent at once, and one that is refused is split further.
  assertEquals(await send("a", "b"), ["a,b"]);
  recordsMax = 1;
  assertEquals(await send("a", "b", "c"), ["a", "b,c", "b", "c"]);
  assertEquals(await send("a", "b"), ["a", "b"]);
});

test("an event that is too large by itself does not make the next batches smaller", async () => {
  const sent: string[] = [];
  const sender = new PartitionSender<string>({ bytesMax: 100_000, isMerging: true }, {
    begin: () => {},
    encode: namesOf,
    send: (names) => {
      sent.push(names);
      if (names.includes("X")) throw new LimitExceededError("too large");
      return Promise.resolve(sent.length);
    },
  });
  const send = (...names: string[]) =>
    sender.enqueue(new Shipment(names.length, names.length * 100, () => recordsNamed(...names)), () => {});
  await send("a", "X", "b", "c");
  sent.splice(0);
  await send("a", "b", "c", "d");
  assertEquals(sent, ["a,b,c,d"]);
});

test("the transport learns where a batch begins, and not where its parts do", async () => {
  const sent: string[] = [];
  const sender = new PartitionSender<string>({ bytesMax: 100_000, isMerging: false }, {
    begin: () => sent.push("begin"),
    encode: namesOf,
    send: (names) => {
      sent.push(names);
      return names === "a,b" ? Promise.reject(new LimitExceededError("too large")) : Promise.resolve(0);
    },
  });
  const send = (...names: string[]) =>
    sender.enqueue(new Shipment(names.length, names.length * 100, () => recordsNamed(...names)), () => {});
  await Promise.all([send("a", "b"), send("c")]);
  assertEquals(sent, ["begin", "a,b", "a", "b", "begin", "c"]);
});
