// A member's lease: when heartbeats are due, how long it is valid, and what begins it anew.
import { assertEquals } from "@std/assert";
import { Lease } from "../../src/groups/lease.ts";
import { readHeartbeat } from "../../src/groups/heartbeat.ts";
import { ROOT, SimulatedFolder } from "../drivers/files/simulated_folder.ts";
import { test } from "../harness.ts";
import { ScriptedEnvironment } from "./scripted_environment.ts";

function begun() {
  const folder = new SimulatedFolder();
  const { storage } = folder;
  storage.makeDirectory(`${ROOT}/members`);
  const environment = new ScriptedEnvironment();
  environment.nowMs = 5000;
  const lease = new Lease({ storage, directory: ROOT, timeoutMs: 1000, environment });
  assertEquals([lease.renewalDueMs, lease.isValid], [-Infinity, false]);
  lease.renewIfDue();
  lease.begin("one");
  return {
    folder,
    environment,
    lease,
    beats: (id: string): number => readHeartbeat(storage, `${ROOT}/members/${id}`),
  };
}

test("a lease is due for renewal after a fifth of its timeout, and valid for seven tenths of it", () => {
  const { environment, lease } = begun();
  assertEquals(lease.renewalDueMs, 5200);
  const found = [0, 199, 200, 699, 700, 1000].map((ageMs) => {
    environment.nowMs = 5000 + ageMs;
    return `${ageMs} ${environment.nowMs >= lease.renewalDueMs ? "due" : "early"} ${
      lease.isValid ? "valid" : "expired"
    }`;
  });
  assertEquals(found, [
    "0 early valid",
    "199 early valid",
    "200 due valid",
    "699 due valid",
    "700 due expired",
    "1000 due expired",
  ]);
});

test("a heartbeat is sent when it is due, and none once the lease has expired", () => {
  const { environment, lease, beats } = begun();
  const at = (ms: number): number => {
    environment.nowMs = ms;
    lease.renewIfDue();
    return beats("one");
  };
  assertEquals([5199, 5200, 5399, 5400, 6099, 6799, 7000].map(at), [1, 2, 2, 3, 4, 4, 4]);
});

test("a lease counts from before its heartbeat, however long that took", () => {
  const { folder, environment, lease } = begun();
  environment.nowMs = 5300;
  // The process is stopped while it sends the heartbeat.
  folder.storage.remove(`${ROOT}/members/one`);
  folder.before = (name) => void (name === "publish" && (environment.nowMs += 900));
  lease.renewIfDue();
  assertEquals([lease.renewalDueMs, lease.isValid], [5500, false]);
  folder.before = () => {};
  lease.reclaim(() => environment.nowMs += 600);
  assertEquals([lease.renewalDueMs, lease.isValid], [6400, true]);
  lease.reclaim(() => environment.nowMs += 700);
  assertEquals([lease.renewalDueMs, lease.isValid], [7000, false]);
});

test("an expired lease is reclaimed by a heartbeat, and then by saying so", () => {
  const { environment, lease, beats } = begun();
  environment.nowMs = 9000;
  const published: number[] = [];
  lease.reclaim(() => published.push(beats("one")));
  assertEquals([published, lease.isValid], [[2], true]);
});

test("a new member id begins a new heartbeat in place of the one before, and the end removes it", () => {
  const { folder, environment, lease, beats } = begun();
  environment.nowMs = 5650;
  lease.begin("two");
  assertEquals([beats("one"), beats("two"), lease.renewalDueMs], [-1, 1, 5850]);
  lease.close();
  lease.end();
  assertEquals(folder.names(), ["members"]);
});
