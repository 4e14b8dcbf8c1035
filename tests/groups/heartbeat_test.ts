// A member's heartbeat: the file with a number, and what others do to it.
import { assertEquals, assertThrows } from "@std/assert";
import { StorageError } from "../../src/errors.ts";
import { Heartbeat, readHeartbeat } from "../../src/groups/heartbeat.ts";
import type { StorageFile } from "../../src/storage/port.ts";
import { ROOT, SimulatedFolder } from "../drivers/files/simulated_folder.ts";
import { test } from "../harness.ts";

const PATH = `${ROOT}/one`;
const refusal = (errno: string) => new StorageError(errno, `Cannot do it: simulated (${errno})`);

test("a heartbeat counts up from one in a file of eight bytes, which goes at its end", () => {
  const folder = new SimulatedFolder();
  const { storage } = folder;
  const heartbeat = new Heartbeat(storage, PATH);
  assertEquals(readHeartbeat(storage, PATH), -1);
  for (const count of [1, 2, 3]) {
    heartbeat.beat();
    assertEquals([readHeartbeat(storage, PATH), storage.stat(PATH)?.bytes], [count, 8]);
  }
  heartbeat.end();
  assertEquals([readHeartbeat(storage, PATH), folder.names()], [-1, []]);
});

test("the file is made and opened once, whatever the number of heartbeats", () => {
  const folder = new SimulatedFolder();
  const calls: string[] = [];
  folder.before = (name) => void calls.push(name);
  const heartbeat = new Heartbeat(folder.storage, PATH);
  for (let count = 0; count < 3; count++) heartbeat.beat();
  assertEquals(calls, ["publish", "open"]);
});

test("a heartbeat whose file another member removed goes on in a new file", () => {
  const { storage } = new SimulatedFolder();
  const heartbeat = new Heartbeat(storage, PATH);
  heartbeat.beat();
  storage.remove(PATH);
  heartbeat.beat();
  assertEquals(readHeartbeat(storage, PATH), 2);
});

test("a file that is removed as soon as it is made is not an error, and the next heartbeat makes it again", () => {
  const folder = new SimulatedFolder();
  const heartbeat = new Heartbeat(folder.storage, PATH);
  folder.before = (name, path) => void (name === "open" && folder.storage.remove(path));
  heartbeat.beat();
  assertEquals(readHeartbeat(folder.storage, PATH), -1);
  folder.before = () => {};
  heartbeat.beat();
  assertEquals(readHeartbeat(folder.storage, PATH), 2);
});

test("any other error reaches the member", () => {
  const folder = new SimulatedFolder();
  for (const call of ["publish", "open"]) {
    folder.before = (name) => {
      if (name === call) throw refusal("EACCES");
    };
    assertThrows(() => new Heartbeat(folder.storage, PATH).beat(), StorageError, "simulated (EACCES)");
  }
});

test("a heartbeat that is not written whole says how much of it was, and that it may be tried again", () => {
  const { storage } = new SimulatedFolder();
  for (const [taken, text] of [[1, "took 1 of 8 bytes"], [7, "took 7 of 8 bytes"]] as const) {
    const open = (): StorageFile => ({
      ...storage.open(PATH, "update"),
      size: () => 8,
      writeAt: () => taken,
    });
    const beating = { ...storage, publish: storage.publish, open };
    const error = assertThrows(() => new Heartbeat(beating, PATH).beat(), StorageError, text);
    assertEquals([error.errno, error.canRetry, error.message.includes(`"${PATH}"`)], ["ENOSPC", true, true]);
  }
});

test("a file that is not there, or of another size, is not a heartbeat; a failed read is an error", () => {
  const folder = new SimulatedFolder();
  const { storage } = folder;
  folder.file("short", "1234567");
  folder.file("empty");
  for (const name of ["none", "short", "empty"]) assertEquals(readHeartbeat(storage, `${ROOT}/${name}`), -1);
  folder.before = (name) => {
    if (name === "readWhole") throw refusal("EIO");
  };
  assertThrows(() => readHeartbeat(storage, PATH), StorageError, "simulated (EIO)");
});
