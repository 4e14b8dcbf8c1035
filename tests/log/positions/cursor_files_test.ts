// The files of stored positions, one slot and one call at a time.
import { assertEquals, assertThrows } from "@std/assert";
import { StorageError } from "../../../src/errors.ts";
import { verifyPosition } from "../../../src/log/check/verify.ts";
import { core } from "../../../src/log/format/core/core.ts";
import { CursorFiles, positionIn, wasRetired } from "../../../src/log/positions/cursor_files.ts";
import {
  decodeSlots,
  encodeSlot,
  inspectPositions,
  isAfter,
  positionOf,
  type Slot,
} from "../../../src/log/positions/position_slot.ts";
import { SimulatedDisk } from "../../simulation/disk/disk.ts";
import { SimulatedProcess } from "../../simulation/disk/process.ts";
import { test } from "../../harness.ts";

const PATH = "/c/00000003.pos";
const OTHER = "/c/00000003.0000abcd.pos";
const MARK = { salt: 7, nonce: 8, sequence: 9 };

function slot(nextId: number, more: Partial<Slot> = {}): Slot {
  return { nextId, time: 5, generation: 1, owner: 4, sequence: 3, written: 2, mark: MARK, ...more };
}

/** The bytes of slots; `"damaged"` for one that is neither valid nor empty. */
function file(...slots: (Slot | "damaged" | undefined)[]): Uint8Array {
  const bytes = new Uint8Array(slots.length * 64);
  slots.forEach((each, index) => {
    if (each === "damaged") bytes.fill(1, index * 64, index * 64 + 64);
    else if (each !== undefined) bytes.set(encodeSlot(each), index * 64);
  });
  return bytes;
}

function folder(files: Record<string, Uint8Array>): SimulatedProcess {
  const storage = new SimulatedProcess(new SimulatedDisk(1));
  storage.makeDirectory("/c");
  for (const [path, content] of Object.entries(files)) storage.publish(path, content);
  return storage;
}

test("a slot stores its fields, however large", () => {
  const large = {
    ...{ nextId: 2 ** 53 - 1, time: 2 ** 41, generation: 2 ** 32 - 1, owner: 2 ** 52 + 1 },
    ...{
      sequence: 2 ** 32 - 2,
      written: 2 ** 42,
      mark: { salt: 2 ** 32 - 1, nonce: 2 ** 31, sequence: 2 ** 30 },
    },
  };
  for (const each of [slot(1), large, slot(0, { mark: undefined })]) {
    assertEquals(decodeSlots(encodeSlot(each), "p"), [each]);
  }
  const marks = [
    { ...MARK, salt: 0 },
    { salt: 0, nonce: 0, sequence: 1 },
    { salt: 0, nonce: 1, sequence: 0 },
    { salt: 1, nonce: 0, sequence: 0 },
  ];
  for (const mark of marks) {
    assertEquals(decodeSlots(encodeSlot(slot(1, { mark })), "p"), [slot(1, { mark })]);
  }
});

test("slots of a file are read in order, ignoring a partial one", () => {
  const bytes = file(slot(1), undefined, "damaged", slot(2));
  assertEquals(decodeSlots(bytes, "p"), [slot(1), undefined, undefined, slot(2)]);
  assertEquals(decodeSlots(bytes.subarray(0, 255), "p"), [slot(1), undefined, undefined]);
  assertEquals(decodeSlots(bytes.subarray(0, 64), "p"), [slot(1)]);
  assertEquals(decodeSlots(bytes.subarray(0, 63), "p"), []);
});

test("what has a right checksum and another magic is not a slot", () => {
  const bytes = encodeSlot(slot(1));
  bytes[0]! ^= 1;
  new DataView(bytes.buffer).setUint32(60, core.crc32(bytes.subarray(0, 60)), true);
  assertEquals(decodeSlots(bytes, "p"), [undefined]);
});

test("a position replaces one of an older generation or with a lower id", () => {
  const order = [[1, 9], [2, 3], [2, 4], [3, 0]].map(([generation, nextId]) => ({ generation, nextId }));
  for (const [a, one] of order.entries()) {
    for (const [b, other] of order.entries()) assertEquals(isAfter(one, other), a > b);
  }
});

test("the position of a list of slots is the greatest, with the known earlier ones", () => {
  assertEquals(positionOf([]), undefined);
  assertEquals(positionOf([undefined, slot(9, { generation: 0 })]), undefined);
  const slots = [slot(5), undefined, slot(7, { time: 6 }), slot(3), slot(6, { mark: undefined }), slot(4)];
  const position = positionOf(slots)!;
  assertEquals([position.nextId, position.time, position.generation, position.mark], [7, 6, 1, MARK]);
  assertEquals(position.earlier?.map(({ nextId }) => nextId), [5, 4, 3]);
  // A seek backwards begins a generation.
  const sought = positionOf([slot(50), slot(8, { generation: 2 }), slot(6, { generation: 2 })])!;
  assertEquals([sought.nextId, sought.generation, sought.earlier?.map(({ nextId }) => nextId)], [8, 2, [6]]);
  assertEquals(positionOf([slot(7), slot(7, { time: 99 })])!.time, 5);
});

test("slots that are neither valid nor empty are damaged", () => {
  const bytes = file(slot(1), undefined, "damaged", slot(2), "damaged");
  const { position, damagedAt } = inspectPositions(bytes, "p");
  assertEquals([position?.nextId, damagedAt], [2, [128, 256]]);
  assertEquals(inspectPositions(new Uint8Array(256), "p"), { position: undefined, damagedAt: [] });
  const almostEmpty = new Uint8Array(128);
  almostEmpty[127] = 1;
  assertEquals(inspectPositions(almostEmpty, "p").damagedAt, [64]);
});

test("the files of a name are exactly those that start with its path", () => {
  const storage = folder({
    [PATH]: file(slot(1)),
    [OTHER]: file(slot(1)),
    "/c/00000003.xyz.pos": file(),
    "/c/00000003.0000abcd0.pos": file(),
    "/c/00000004.pos": file(),
    "/c/x00000003.pos": file(),
    "/c/00000003.pos.draft": file(),
    "/c/00000003xpos": file(),
  });
  assertEquals(new CursorFiles(storage, PATH).paths(), [OTHER, PATH]);
  assertEquals(new CursorFiles(storage, "/nowhere/1.pos").paths(), []);
  storage.publish("/7.pos", file());
  assertEquals(new CursorFiles(storage, "/7.pos").paths(), ["/7.pos"]);
  storage.publish("/c/a+b.pos", file());
  assertEquals(new CursorFiles(storage, "/c/a+b.pos").paths(), ["/c/a+b.pos"]);
  storage.list = () => {
    throw new StorageError("EIO", "cannot list");
  };
  assertThrows(() => new CursorFiles(storage, PATH).paths(), StorageError, "cannot list");
});

test("a cursor file shows whether its owner is gone, is asked to leave, or shares it", () => {
  const at = folder({}).now();
  const cases: [what: string, bytes: Uint8Array, isIdle: boolean, isRetired: boolean, isShared: boolean][] = [
    [
      "of one that writes",
      file(slot(1, { written: at }), slot(2, { written: at }), undefined, undefined),
      false,
      false,
      false,
    ],
    [
      "written ten seconds ago",
      file(slot(1, { written: at - 10_000 }), undefined, undefined, undefined),
      false,
      false,
      false,
    ],
    [
      "written long ago",
      file(slot(1, { written: at - 10_001 }), undefined, undefined, undefined),
      true,
      false,
      false,
    ],
    [
      "from the time after a step",
      file(slot(1, { written: at + 10_001 }), undefined, undefined, undefined),
      true,
      false,
      false,
    ],
    [
      "written long ago and just now",
      file(slot(1, { written: 1 }), slot(2, { written: at })),
      false,
      false,
      false,
    ],
    [
      "written just now and long ago",
      file(slot(2, { written: at }), slot(1, { written: 1 })),
      false,
      false,
      false,
    ],
    ["closed", file(slot(1, { written: at, owner: 0 }), slot(2, { written: at })), true, false, false],
    [
      "closed, in the other slot",
      file(slot(1, { written: at }), slot(2, { written: at, owner: 0 })),
      true,
      false,
      false,
    ],
    [
      "with the one before from a closed one",
      file(slot(1, { written: at }), undefined, slot(1, { written: at, owner: 0 })),
      false,
      false,
      false,
    ],
    ["empty", file(undefined, undefined, undefined, undefined), true, false, false],
    [
      "retired",
      file(slot(1, { written: at }), undefined, undefined, slot(0, { written: at })),
      false,
      true,
      false,
    ],
    [
      "shared",
      file(slot(1, { written: at, owner: 0 }), undefined, undefined, slot(2, { written: at }), undefined),
      false,
      false,
      true,
    ],
  ];
  for (const [what, bytes, isIdle, isRetired, isShared] of cases) {
    const storage = folder({ [PATH]: bytes });
    storage.now = () => at;
    const [content] = new CursorFiles(storage, PATH).readAll();
    assertEquals(
      [content?.isIdle, content?.isRetired, content?.isShared],
      [isIdle, isRetired, isShared],
      what,
    );
    assertEquals([content?.path, content?.slots.length], [PATH, bytes.byteLength / 64]);
  }
});

test("files removed while they are read are listed again, with a limit", () => {
  const storage = folder({ [PATH]: file(slot(1)), [OTHER]: file(slot(2)) });
  const readWhole = storage.readWhole.bind(storage);
  let missing = 99;
  let readings = 0;
  storage.readWhole = (path, bytesMax) => {
    if (path !== OTHER) return readWhole(path, bytesMax);
    readings++;
    return missing-- > 0 ? undefined : readWhole(path, bytesMax);
  };
  const files = new CursorFiles(storage, PATH);
  assertEquals(positionIn(files.readAll())?.nextId, 2);
  assertEquals(readings, 100);
  // One that was listed before it was removed is not looked for again.
  assertEquals(files.readAll(["00000003.ffffffff.pos"]).map(({ path }) => path), [OTHER, PATH]);
  missing = 100;
  const error = assertThrows(() => files.readAll(), StorageError);
  assertEquals([error.errno, error.canRetry], ["EAGAIN", true]);
});

test("another owner of a name gets its own file", () => {
  const storage = folder({});
  const files = new CursorFiles(storage, PATH);
  const numbers = [0xab, 0xab, 0xffffffff];
  const random32 = storage.random32.bind(storage);
  const publish = storage.publish.bind(storage);
  const durable: (boolean | undefined)[] = [];
  storage.publish = (path, content, options) => {
    durable.push(options?.durable);
    const own = storage.random32;
    storage.random32 = random32;
    const isNew = publish(path, content, options);
    storage.random32 = own;
    return isNew;
  };
  storage.random32 = () => numbers.shift()!;
  const bytes = file(slot(1));
  assertEquals(files.publish(bytes)?.file.path, PATH);
  assertEquals(files.publish(bytes)?.file.path, "/c/00000003.000000ab.pos");
  assertEquals(files.publish(bytes)?.file.path, "/c/00000003.ffffffff.pos");
  assertEquals(durable.every((each) => each === false), true);
  assertEquals(storage.readWhole(PATH), bytes);
});

test("an owner sees the request to leave its file, and its position is kept", () => {
  const storage = folder({ [PATH]: file(slot(1), slot(2), undefined, undefined) });
  const files = new CursorFiles(storage, PATH);
  const [content] = files.readAll();
  const open = storage.open(PATH, "read");
  assertEquals(wasRetired(open), false);
  const openFile = storage.open.bind(storage);
  let left = 0;
  storage.open = (path, mode) => {
    left++;
    const file = openFile(path, mode);
    return Object.assign(file, { close: () => void left-- });
  };
  files.retire(content!, 77);
  assertEquals([wasRetired(open), left], [true, 0]);
  const [retired] = files.readAll();
  assertEquals([retired?.isRetired, retired?.slots[3]?.owner], [true, 77]);
  assertEquals(positionIn(files.readAll())?.nextId, 2);
  // One that no longer exists need not leave.
  files.retire({ ...content!, path: "/c/none.pos" }, 1);
  storage.open = () => {
    throw new StorageError("EACCES", "cannot open");
  };
  assertThrows(() => files.retire(content!, 1), StorageError, "cannot open");
  const short = folder({ [PATH]: new Uint8Array(100) });
  assertEquals(wasRetired(short.open(PATH, "read")), false);
});

test("files are removed once their content is on the disk elsewhere", () => {
  const storage = folder({ [PATH]: file(slot(1)), [OTHER]: file(slot(1)) });
  const steps: string[] = [];
  const { remove, syncDirectory } = storage;
  storage.remove = (path) => {
    steps.push(`remove ${path}`);
    remove.call(storage, path);
  };
  storage.syncDirectory = (path) => {
    steps.push(`sync ${path}`);
    syncDirectory.call(storage, path);
  };
  new CursorFiles(storage, PATH).remove([OTHER, PATH]);
  assertEquals(steps, ["sync /c", `remove ${OTHER}`, `remove ${PATH}`]);
  assertEquals(storage.list("/c"), []);
});

test("verify reports the damaged slots of all files of a position, and the position by the others", () => {
  const say = (files: Record<string, Uint8Array>) =>
    verifyPosition(folder(files), PATH, 3).map((
      { severity, kind, partition, firstId, endId, file, offset, reason },
    ) => [
      `${severity} ${kind} ${partition} ${firstId} ${endId} ${file} ${offset}`,
      reason,
    ]);
  const whole = (id: number) =>
    `a slot of the stored position is damaged, the position is ${id} by the intact slots`;
  const none = "a slot of the stored position is damaged, and no other slot holds one";
  assertEquals(say({}), []);
  assertEquals(say({ [PATH]: file(slot(5), undefined) }), []);
  assertEquals(say({ [PATH]: file(slot(5), "damaged", "damaged") }), [
    [`redundant position 3 5 5 ${PATH} 64`, whole(5)],
    [`redundant position 3 5 5 ${PATH} 128`, whole(5)],
  ]);
  assertEquals(say({ [PATH]: file("damaged", undefined) }), [[`damage position 3 0 0 ${PATH} 0`, none]]);
  assertEquals(say({ [OTHER]: file(slot(9)), [PATH]: file(slot(5), "damaged") }), [
    [`redundant position 3 9 9 ${PATH} 64`, whole(9)],
  ]);
  assertEquals(say({ [OTHER]: file("damaged", slot(5)), [PATH]: file(slot(9)) }), [
    [`redundant position 3 9 9 ${OTHER} 0`, whole(9)],
  ]);
});
