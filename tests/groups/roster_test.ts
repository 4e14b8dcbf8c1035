// The files of a group's rosters: which one counts, which are kept, and what damage means.
import { assertEquals, assertThrows } from "@std/assert";
import { StorageError, UnsupportedFormatError } from "../../src/errors.ts";
import { crc32 } from "../../src/log/format/core/core.ts";
import { type Roster, RosterFiles, vacant } from "../../src/groups/roster.ts";
import { ROOT, SimulatedFolder } from "../drivers/files/simulated_folder.ts";
import type { Storage } from "../../src/storage/port.ts";
import { test } from "../harness.ts";
import { member } from "./scripted_environment.ts";

const nameOf = (epoch: number): string => `${String(epoch).padStart(16, "0")}.json`;
const change = (owner: string): Omit<Roster, "epoch"> => ({
  members: [member(owner)],
  shares: [{ owner, epoch: 1 }, { owner: undefined, epoch: 0 }],
});

function checked(text: string): string {
  return `${crc32(new TextEncoder().encode(text)).toString(16).padStart(8, "0")}\n${text}`;
}

test("a roster is read as it was published, under the next epoch", () => {
  const { storage } = new SimulatedFolder();
  const files = new RosterFiles(storage, ROOT, 2);
  assertEquals(files.read(), undefined);
  assertEquals(new RosterFiles(storage, `${ROOT}/none`, 2).read(), undefined);
  files.publish(undefined, change("a"));
  const first = files.read()!;
  // JSON has no undefined.
  assertEquals(first, {
    epoch: 1,
    members: [member("a")],
    shares: [{ owner: "a", epoch: 1 }, { epoch: 0 } as never],
  });
  files.publish(first, change("b"));
  assertEquals([files.read()?.epoch, files.read()?.members[0]?.id], [2, "b"]);
});

test("only one process publishes an epoch", () => {
  const { storage } = new SimulatedFolder();
  const [one, other] = [new RosterFiles(storage, ROOT, 2), new RosterFiles(storage, ROOT, 2)];
  one.publish(undefined, change("a"));
  other.publish(undefined, change("b"));
  assertEquals([one.read()?.members[0]?.id, other.read()?.members[0]?.id], ["a", "a"]);
});

test("the last four rosters are kept, and other files are left alone", () => {
  const folder = new SimulatedFolder();
  folder.file("members");
  folder.file("12.json");
  const files = new RosterFiles(folder.storage, ROOT, 2);
  for (let epoch = 1; epoch <= 6; epoch++) files.publish(files.read(), change("a"));
  assertEquals(folder.names(), [...[3, 4, 5, 6].map(nameOf), "12.json", "members"]);
  assertEquals(files.read()?.epoch, 6);
});

// Its successor has no name of sixteen digits, so that no one could join any more.
test("a file whose number no roster can have keeps no one out", () => {
  for (const name of ["9999999999999999.json", "1000000000000000.json"]) {
    const folder = new SimulatedFolder();
    for (const content of ["", checked(JSON.stringify({ version: 1, ...change("z") }))]) {
      folder.file(name, content);
    }
    const files = new RosterFiles(folder.storage, ROOT, 2);
    assertEquals(files.read(), undefined);
    for (const owner of ["a", "b"]) {
      files.publish(files.read(), change(owner));
      assertEquals(files.read()?.members[0]?.id, owner);
    }
    assertEquals(folder.names().includes(name), true);
  }
});

// Only a program of someone else writes one: the file after it would not be read, so that members joined in vain, for ever.
test("where the last number there can be is used, joining says so", () => {
  const folder = new SimulatedFolder();
  folder.file("0999999999999999.json", "");
  const files = new RosterFiles(folder.storage, ROOT, 2);
  const error = assertThrows(() => files.publish(files.read(), change("a")), StorageError);
  assertEquals([error.errno, error.message.endsWith("delete the consumer")], ["EILSEQ", true]);
  assertEquals(folder.names(), ["0999999999999999.json"]);
});

// One that joined with the last number but one could not leave: closing it failed, and it stayed among the members.
test("joining ends before the last number, so that leaving has numbers left", () => {
  const folder = new SimulatedFolder();
  folder.file(nameOf(10 ** 15 - 10 ** 6 - 2), "");
  const files = new RosterFiles(folder.storage, ROOT, 2);
  files.publish(files.read(), change("a"));
  assertEquals(files.read()?.members[0]?.id, "a");
  assertThrows(() => files.publish(files.read(), change("b")), StorageError, "delete the consumer");
  files.publish(files.read(), { members: [], shares: vacant(2, 1) });
  assertEquals(files.read()?.members, []);
});

test("an epoch of long ago that a process publishes late does not count", () => {
  const folder = new SimulatedFolder();
  const files = new RosterFiles(folder.storage, ROOT, 2);
  files.publish(undefined, change("a"));
  const old = files.read();
  folder.storage.remove(`${ROOT}/${nameOf(1)}`);
  folder.file(nameOf(9), checked(JSON.stringify({ version: 1, ...change("z") })));
  files.publish(old, change("a"));
  assertEquals(files.read()?.members[0]?.id, "z");
});

test("a roster that is known is not read again as long as it is the last", () => {
  const folder = new SimulatedFolder();
  folder.storage.makeDirectory(`${ROOT}/members`);
  const files = new RosterFiles(folder.storage, ROOT, 2);
  files.publish(undefined, change("a"));
  const first = files.read();
  const calls: string[] = [];
  folder.before = (name) => void calls.push(name);
  assertEquals([files.read() === first, calls], [true, ["stat", "stat"]]);
  folder.storage.remove(`${ROOT}/${nameOf(1)}`);
  assertEquals(files.read(), undefined);
  // Neither is it while a next one comes and goes.
  folder.before = () => {};
  files.publish(undefined, change("b"));
  const known = files.read();
  const passing = new RosterFiles(
    new Proxy(folder.storage, {
      get: (disk, name: keyof Storage) => name === "stat" ? () => ({ kind: "file" }) : disk[name],
    }),
    ROOT,
    2,
  );
  const read = passing.read();
  assertEquals([read?.epoch, passing.read() === read], [known?.epoch, true]);
});

test("where no one ever joined, the folder is not listed, which would make an error", () => {
  const folder = new SimulatedFolder();
  const calls: string[] = [];
  folder.before = (name) => void calls.push(name);
  const files = new RosterFiles(folder.storage, `${ROOT}/absent`, 2);
  assertEquals([files.read(), calls], [undefined, ["stat"]]);
});

test("a roster that goes before it is read is looked for again, a hundred times", () => {
  const folder = new SimulatedFolder();
  folder.file(nameOf(3), checked(JSON.stringify({ version: 1, ...change("c") })));
  let reads = 0;
  const limits = new Set<number | undefined>();
  const hidden = (times: number) => ({
    ...folder.storage,
    list: (): string[] => [nameOf(2), nameOf(3)],
    stat: (path: string) => path === ROOT ? folder.storage.stat(path) : undefined,
    readWhole: (path: string, bytesMax?: number) => {
      limits.add(bytesMax);
      return ++reads <= times ? undefined : folder.storage.readWhole(path);
    },
  });
  assertEquals(new RosterFiles(hidden(99), ROOT, 2).read()?.members[0]?.id, "c");
  reads = 0;
  const error = assertThrows(() => new RosterFiles(hidden(1000), ROOT, 2).read(), StorageError, nameOf(3));
  assertEquals([error.errno, error.canRetry, reads], ["EAGAIN", true, 100]);
  assertEquals([...limits], [16 * 1024 * 1024]);
});

test("a torn roster has no members, one of a later version is refused, and a folder's error is not hidden", () => {
  const text = JSON.stringify({ version: 1, ...change("a") });
  for (const content of [checked(text).slice(0, -1), checked(text).replace('"a"', '"b"'), "", "12345678\n"]) {
    const folder = new SimulatedFolder();
    folder.file(nameOf(5), content);
    const found = new RosterFiles(folder.storage, ROOT, 2).read();
    assertEquals(found, { epoch: 5, members: [], shares: vacant(2, 5) });
  }
  const folder = new SimulatedFolder();
  folder.file(nameOf(5), checked(JSON.stringify({ version: 2, ...change("a") })));
  assertThrows(() => new RosterFiles(folder.storage, ROOT, 2).read(), UnsupportedFormatError, nameOf(5));
  folder.before = (name) => {
    if (name === "list") throw new StorageError("EACCES", "Cannot list: simulated");
  };
  assertThrows(() => new RosterFiles(folder.storage, ROOT, 2).read(), StorageError, "simulated");
});

test("a roster that no version has written is refused, whatever is wrong in it", () => {
  const wrongMembers = [
    ...[null, 7, {}, { ...member("a"), id: 7 }, { ...member("a"), id: "../a" }, { ...member("a"), id: "" }],
    ...["a".repeat(65), "a b"].map((id) => ({ ...member("a"), id })),
    ...[{ host: undefined }, { pid: "7" }, { timeoutMs: null }, { renewals: undefined }, { started: 7 }]
      .map((wrong) => ({ ...member("a"), ...wrong })),
  ];
  const wrongShares = [null, 7, {}, { owner: "a" }, { owner: 7, epoch: 1 }, { owner: "a", epoch: "1" }];
  const { members, shares } = change("a");
  const documents: unknown[] = [
    ...["7", "null", "[]", "{", '"text"'],
    ...[{ version: "2", members: "a", shares }, { version: 1, shares }, { version: 1, members }],
    ...[{ version: 1, members, shares: 7 }, { version: 1, members, shares: [...shares, ...shares] }],
    { version: 1, members: { every: true }, shares },
    { version: 1, members, shares: { length: 2 } },
    ...wrongMembers.map((wrong) => ({ version: 1, members: [members[0], wrong], shares })),
    ...wrongShares.map((wrong) => ({ version: 1, members, shares: [shares[0], wrong] })),
  ];
  for (const document of documents) {
    const folder = new SimulatedFolder();
    const text = typeof document === "string" ? document : JSON.stringify(document);
    folder.file(nameOf(5), checked(text));
    const error = assertThrows(() => new RosterFiles(folder.storage, ROOT, 2).read(), StorageError);
    assertEquals([error.errno, error.message.includes(nameOf(5))], ["EILSEQ", true], text);
  }
  // The longest id that is one, and a member of whose start nothing is known.
  const folder = new SimulatedFolder();
  const { started: _, ...unknownStart } = member("a".repeat(64));
  folder.file(
    nameOf(5),
    checked(JSON.stringify({ version: 1, members: [unknownStart, member("-_")], shares })),
  );
  assertEquals(new RosterFiles(folder.storage, ROOT, 2).read()?.members.length, 2);
});
