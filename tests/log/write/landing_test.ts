// Where a frame has landed: with one look where it was expected, and a search if that shows anything else. And
// what a writer makes of files that are removed, moved, cut or overwritten under it.
import { assertEquals, assertThrows } from "@std/assert";
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StorageError } from "../../../mod.ts";
import type { OutgoingBatch } from "../../../src/contract.ts";
import { RECORD_BYTES, SEGMENT_HEADER_BYTES } from "../../../src/log/format/bytes.ts";
import { Partition } from "../../../src/log/partition.ts";
import { SegmentIndex } from "../../../src/log/segment/index.ts";
import { segmentName } from "../../../src/log/segment/segment_file.ts";
import { Appender } from "../../../src/log/write/appender.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import { ROOT, SimulatedFolder } from "../../drivers/files/simulated_folder.ts";
import { test } from "../../harness.ts";
import { changedStorage } from "../port_wrapper.ts";

interface Scene {
  one: Appender;
  other: Appender;
  /** The file of the first segment. */
  path: string;
  clock: { now: number };
  /** What the first writer reads of the segment, as sizes. */
  reads: number[];
  /** How much of its reads to come the system gives; all of those that are not named. */
  next: (number | undefined)[];
  /** What its appends to come do beside writing; what they return is how many bytes that were. */
  appends: ((write: () => number, bytes: Uint8Array) => number)[];
  /** What is added to the numbers that files have on the disk. */
  numbers: { shift: number };
  /** How often it looked whether its file is there. */
  looks: () => number;
  /** The offsets that have an index entry. */
  indexed(): number[];
}

/** Two writers of one partition; the first one's files behave as a test says, and it alone writes the index. */
function withWriters(body: (scene: Scene) => void, indexIntervalBytes?: number): void {
  const directory = mkdtempSync(join(tmpdir(), "diaspora-landing-"));
  const reads: Scene["reads"] = [];
  const next: Scene["next"] = [];
  const appends: Scene["appends"] = [];
  const clock = { now: 1_000_000 };
  const numbers = { shift: 0 };
  let looks = 0;
  const storage = changedStorage((file, path, mode) =>
    mode !== "append" || !path.endsWith(".log") ? {} : {
      readAt: (into, offset) => {
        reads.push(into.byteLength);
        return file.readAt(into.subarray(0, next.shift()), offset);
      },
      append: (bytes) => {
        const write = () => file.append(bytes);
        return (appends.shift() ?? write)(write, bytes);
      },
    }, {
    now: () => clock.now,
    stat: (path) => {
      if (path.endsWith(".log")) looks++;
      const state = nodeStorage.stat(path);
      return state && { ...state, inode: state.inode! + numbers.shift };
    },
  });
  const intervals = [indexIntervalBytes, 2 ** 30];
  const opened = [storage, nodeStorage].map((storage, index) => {
    const indexIntervalBytes = intervals[index];
    const partition = new Partition({ storage, directory, topic: "topic", partition: 0, indexIntervalBytes });
    return { partition, appender: new Appender(partition, 2 ** 30) };
  });
  const [{ appender: one }, { appender: other, partition }] = opened as [typeof opened[0], typeof opened[0]];
  const path = join(directory, segmentName(0));
  const indexed = () =>
    [
      ...new SegmentIndex(partition.segment(0)).confirmedIds(() => true),
    ].map(({ offset }) => offset);
  try {
    body({ one, other, path, clock, numbers, reads, next, appends, looks: () => looks, indexed });
  } finally {
    for (const { partition, appender } of opened) {
      appender.close();
      partition.close();
    }
    rmSync(directory, { recursive: true });
  }
}

function event(text: string, dataBytes = 10): OutgoingBatch {
  return { count: 1, metadata: [text], data: [new Uint8Array(dataBytes)], dataBytes };
}

test("a frame that lies where it was expected is looked at once: as a whole, or at both its ends", () => {
  withWriters(({ one, reads }) => {
    one.appendEvents(event("1"));
    reads.length = 0;
    const { offset, endOffset } = one.appendEvents(event("2"));
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

test("each frame that lies so far after the last indexed one gets an entry, wherever it landed", () => {
  for (const isBeaten of [false, true]) {
    withWriters(({ one, other, path, indexed }) => {
      const due: number[] = [];
      for (let n = 0; n < 12; n++) {
        if (isBeaten) other.appendEvents(event("other"));
        const { offset } = one.appendEvents(event(String(n)));
        if (offset - (due.at(-1) ?? 0) >= 500) due.push(offset);
      }
      assertEquals(due.length >= 3, true);
      assertEquals(indexed(), due);
      // A writer that opens the segment adds what is missing.
      rmSync(path.replace(/log$/, "idx"));
      one.close();
      one.appendEvents(event("12"));
      assertEquals(indexed().length >= due.length, true, `${indexed()}`);
    }, 500);
  }
});

test("a hole at the end of a segment that is opened gets a seal first", () => {
  withWriters(({ one, other, path }) => {
    one.appendEvents(event("1"));
    appendFileSync(path, new Uint8Array(300));
    const { id, segment } = other.appendEvents(event("2"));
    assertEquals([id, segment.baseId], [1, 1]);
    one.close();
    assertEquals(one.appendEvents(event("3")).id, 2);
  });
});

test("a writer looks every ten milliseconds whether its file is there, whichever way the clock goes", () => {
  withWriters(({ one, clock, looks }) => {
    const looked = [0, 9, 10, 19, 20, 11, 10].map((ms) => {
      clock.now = 1_000_000 + ms;
      const before = looks();
      one.appendEvents(event("1"));
      return looks() > before;
    });
    assertEquals(looked, [true, false, true, false, true, false, true]);
    // After a seal no one misses the file: the one look is that of the listing for the next segment.
    clock.now += 5000;
    const before = looks();
    one.seal();
    assertEquals(looks(), before + 1);
  });
});

const REMOVED = "the file was removed";

test("what is appended to a file that was removed or moved by hand is refused", () => {
  const ways: ((path: string) => void)[] = [
    (path) => rmSync(path),
    (path) => renameSync(path, `${path}.kept`),
    (path) => {
      const content = readFileSync(path);
      // Not the same number, which is free once the file is gone.
      writeFileSync(`${path}.next`, content);
      renameSync(`${path}.next`, path);
    },
  ];
  for (const way of ways) {
    withWriters(({ one, path, clock }) => {
      one.appendEvents(event("1"));
      way(path);
      clock.now += 10;
      const error = assertThrows(() => one.appendEvents(event("2")), StorageError, REMOVED);
      assertEquals([error.errno, error.mayBeStored], ["ENOENT", false]);
    });
  }
});

test("a file whose number changes, as on some network file systems, is still there", () => {
  withWriters(({ one, clock, numbers }) => {
    for (let id = 0; id < 3; id++) {
      numbers.shift++;
      clock.now += 10;
      assertEquals(one.appendEvents(event("1")).id, id);
    }
  });
});

test("what is stored before its segment is sealed and removed stays stored", () => {
  withWriters(({ one, other, path, clock, appends }) => {
    one.appendEvents(event("1"));
    clock.now += 10;
    appends.push((write) => {
      const written = write();
      other.appendEvents(event("3"));
      other.seal();
      rmSync(path);
      return written;
    });
    assertEquals(one.appendEvents(event("2")).id, 1);
    const { id, segment } = one.appendEvents(event("4"));
    assertEquals([id, segment.baseId], [3, 3]);
  });
});

test("a frame that is not in its file at all is looked for once: what happened to the file is said", () => {
  const none = (_: () => number, bytes: Uint8Array) => bytes.byteLength;
  withWriters(({ one, path, appends }) => {
    one.appendEvents(event("1"));
    appends.push((...given) => {
      rmSync(path);
      return none(...given);
    });
    assertThrows(() => one.appendEvents(event("2")), StorageError, REMOVED);
  });
  const cuts: [bytes: (end: number) => number, said: (end: number) => string][] = [
    [(end) => end - 1, (end) => `${end - 1} bytes`],
    [() => SEGMENT_HEADER_BYTES, () => "64 bytes"],
    [() => 1, () => "1 byte"],
    [() => 0, () => "0 bytes"],
  ];
  for (const [bytes, said] of cuts) {
    withWriters(({ one, path, appends }) => {
      const { offset, endOffset } = one.appendEvents(event("1"));
      const end = 2 * endOffset - offset;
      appends.push((write) => {
        const written = write();
        truncateSync(path, bytes(end));
        return written;
      });
      const error = assertThrows(() => one.appendEvents(event("2")), StorageError);
      assertEquals(error.errno, "EIO");
      assertEquals(error.message.includes(`the file was cut to ${said(end)}: `), true, error.message);
    });
  }
});

test("a frame whose bytes became others is written again", () => {
  withWriters(({ one, other, path, appends }) => {
    one.appendEvents(event("1"));
    appends.push((_, bytes) => {
      appendFileSync(path, new Uint8Array(bytes.byteLength));
      return bytes.byteLength;
    });
    assertEquals(one.appendEvents(event("2")).id, 1);
    // The hole ends the segment.
    assertEquals(one.appendEvents(event("3")).segment.baseId, 2);
    assertEquals(other.appendEvents(event("4")).id, 3);
  });
});

test("a frame whose write others split is not there, though one of theirs ends as it would, or it lacks its last bytes alone", () => {
  for (const [dataBytes, cut] of [[1000, "as long"], [5000, "as long"], [1000, 2], [5000, 2]] as const) {
    withWriters(({ one, other, path, appends }) => {
      const { offset, endOffset } = other.appendEvents(event("1"));
      one.appendEvents(event("2"));
      appends.push((_, bytes) => {
        const whole = bytes.slice();
        const middle = whole.byteLength - (cut === "as long" ? endOffset - offset : cut);
        appendFileSync(path, whole.subarray(0, middle));
        other.appendEvents(event("3"));
        appendFileSync(path, whole.subarray(middle));
        return whole.byteLength;
      });
      assertEquals(one.appendEvents(event("4", dataBytes)).id, 3);
      assertEquals(other.appendEvents(event("5")).id, 4);
    });
  }
});

test("an append wakes who waits for events in this process, without a watch of the system", () => {
  const { storage } = new SimulatedFolder();
  const still = Object.assign(Object.create(storage), { watch: () => undefined });
  const partition = new Partition({ storage: still, directory: ROOT, topic: "topic", partition: 0 });
  const appender = new Appender(partition, 2 ** 30);
  let woken = 0;
  const stop = partition.appendSignal.listen(() => woken++);
  appender.appendEvents(event("1"));
  assertEquals(woken, 1);
  stop();
  appender.close();
});
