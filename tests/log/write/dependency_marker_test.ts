import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Partition } from "../../../src/log/partition.ts";
import { sealLast } from "../../../src/log/mod.ts";
import { segmentFacts } from "../../../src/log/retention.ts";
import { PartitionWriter } from "../../../src/log/write/writer.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";

/** A storage that records what is published and appended, in order. */
function recording(): { storage: Storage; done: string[] } {
  const done: string[] = [];
  const storage: Storage = {
    ...nodeStorage,
    publish(path, content, options) {
      done.push(`publish ${basename(path)}`);
      return nodeStorage.publish(path, content, options);
    },
    open(path, mode) {
      const file = nodeStorage.open(path, mode);
      const append = file.append.bind(file);
      file.append = (bytes) => {
        done.push(`append ${basename(path)} ${bytes.byteLength}`);
        return append(bytes);
      };
      return file;
    },
  };
  return { storage, done };
}

test("a dependency marker is written before an event with data in an older segment is stored", async () => {
  const directory = mkdtempSync(join(tmpdir(), "diaspora-needs-"));
  try {
    const { storage, done } = recording();
    const partition = new Partition({ storage, directory, topic: "topic", partition: 0 });
    const writer = new PartitionWriter(partition, {
      flushBehavior: "buffered",
      segmentBytesMax: 20_000,
      chunkBytes: 9000,
    });
    const small = [new Uint8Array(5000)];
    writer.append({ count: 1, metadata: ["1"], data: small, dataBytes: 5000 });
    // Its chunks fill the first segment, so that the event is appended to the next one.
    const large = [new Uint8Array(21_000)];
    assertEquals(writer.append({ count: 1, metadata: ["2"], data: large, dataBytes: 21_000 }), 1);

    const note = done.findIndex((step) => /^publish .*needs/.test(step));
    const event = done.findLastIndex((step) => step.startsWith("append 00000000000000000001.log"));
    assertGreater(note, 0, `no note among ${done.join(", ")}`);
    assertLess(note, event);
    assertEquals(segmentFacts(partition).map(({ needsBaseId }) => needsBaseId), [0, 0]);
    await writer.close();
    partition.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("the oldest segment with a piece of the data is named, and none if the event's own has all", async () => {
  const directory = mkdtempSync(join(tmpdir(), "diaspora-needs-"));
  try {
    const { storage, done } = recording();
    const partition = new Partition({ storage, directory, topic: "topic", partition: 0 });
    const options = { flushBehavior: "buffered", segmentBytesMax: 20_000, chunkBytes: 100 } as const;
    const [writer, other] = [
      new PartitionWriter(partition, options),
      new PartitionWriter(partition, options),
    ];
    const roll = () => {
      other.append({ count: 1, metadata: ["1"], dataBytes: 0 });
      sealLast(partition);
    };
    const streamed = (stream: AsyncIterable<Uint8Array>) =>
      writer.append({ count: 1, metadata: ["2"], dataBytes: 0, stream });
    writer.append({ count: 1, metadata: ["2"], data: [new Uint8Array(250)], dataBytes: 250 });
    assertEquals(done.filter((step) => step.includes("needs")), []);
    roll();
    const id = await streamed((async function* () {
      for (let piece = 0; piece < 3; piece++) {
        yield new Uint8Array(100);
        roll();
      }
    })());
    assertEquals([id, partition.segmentIds()], [5, [0, 2, 3, 4, 5]]);
    // The segment that it was tried in first has one too: that it had ended was only seen afterwards.
    assertEquals([...partition.listing().needs].sort(), [[4, [2]], [5, [2]]]);
    for (const each of [writer, other]) await each.close();
    partition.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
