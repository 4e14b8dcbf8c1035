// Where a frame has landed: with one look where it was expected, and a search if that shows anything else.
import { assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OutgoingBatch } from "../../../src/contract.ts";
import { RECORD_BYTES } from "../../../src/log/format/bytes.ts";
import { Partition } from "../../../src/log/partition.ts";
import { Appender } from "../../../src/log/write/appender.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import { test } from "../../harness.ts";
import { changedStorage } from "../port_wrapper.ts";

interface Scene {
  one: Appender;
  other: Appender;
  /** What was read of the segment, as sizes; only while something is appended. */
  reads: number[];
  /** How much of the reads to come the system gives; all of those that are not named. */
  next: (number | undefined)[];
}

/** Two writers of one partition. */
function withWriters(body: (scene: Scene) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "diaspora-landing-"));
  const reads: number[] = [];
  const next: (number | undefined)[] = [];
  const storage = changedStorage((file, path, mode) =>
    mode !== "append" || !path.endsWith(".log") ? {} : {
      readAt: (into, offset) => {
        reads.push(into.byteLength);
        return file.readAt(into.subarray(0, next.shift()), offset);
      },
    }
  );
  const opened = [storage, nodeStorage].map((storage) => {
    const partition = new Partition({ storage, directory, topic: "topic", partition: 0 });
    return { partition, appender: new Appender(partition, 2 ** 30) };
  });
  try {
    const [one, other] = opened.map(({ appender }) => appender);
    body({ one: one!, other: other!, reads, next });
  } finally {
    for (const { partition, appender } of opened) {
      appender.close();
      partition.close();
    }
    rmSync(directory, { recursive: true });
  }
}

function event(text: string, dataBytes: number): OutgoingBatch {
  return { count: 1, metadata: [text], data: [new Uint8Array(dataBytes)], dataBytes };
}

test("a frame that lies where it was expected is looked at once: as a whole, or at both its ends", () => {
  withWriters(({ one, reads }) => {
    one.appendEvents(event("1", 10));
    reads.length = 0;
    const { offset, endOffset } = one.appendEvents(event("2", 10));
    assertEquals(reads, [endOffset - offset]);
    reads.length = 0;
    one.appendEvents(event("3", 5000));
    assertEquals(reads, [RECORD_BYTES, RECORD_BYTES]);
  });
});

test("a look that shows only a part decides nothing, wherever the frame has landed", () => {
  for (const bytes of [10, 5000]) {
    for (const given of [[0], [RECORD_BYTES - 1], [undefined, 1], [undefined, RECORD_BYTES - 1]]) {
      for (const isBeaten of [false, true]) {
        withWriters(({ one, other, next }) => {
          one.appendEvents(event("1", bytes));
          if (isBeaten) other.appendEvents(event("2", bytes));
          next.push(...given);
          assertEquals(one.appendEvents(event("3", bytes)).id, isBeaten ? 2 : 1, `${bytes} ${given}`);
          next.length = 0;
          assertEquals(one.appendEvents(event("4", bytes)).id, isBeaten ? 3 : 2, `${bytes} ${given}`);
        });
      }
    }
  }
});
