import { assert, assertEquals, assertGreater, assertInstanceOf, assertLess, assertThrows } from "@std/assert";
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StorageError } from "../../mod.ts";
import { FileLock } from "../../src/storage/file_lock.ts";
import { nodeStorage } from "../../src/storage/node.ts";
import type { Storage } from "../../src/storage/port.ts";
import { test } from "../harness.ts";

const LEASE_MS = 60;

/** Runs a body with the path of a lock in a separate folder. */
function withLock(body: (path: string, names: () => string[]) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-lock-"));
  try {
    body(`${folder}/00000000.lock`, () => readdirSync(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A disk on which no time is lost by waiting. */
const hasty: Storage = { ...nodeStorage, pause: () => {} };

test("hold() keeps the lock file during the action, and removes it afterwards", () => {
  withLock((path, names) => {
    const lock = new FileLock(nodeStorage, path);
    assertEquals(lock.hold(() => names()), ["00000000.lock"]);
    assertEquals(names(), []);
    assertThrows(
      () =>
        lock.hold(() => {
          throw new RangeError("in between");
        }),
      RangeError,
    );
    assertEquals(names(), []);
  });
});

test("the lock file says who holds it and since when", () => {
  withLock((path) => {
    const lock = new FileLock(nodeStorage, path);
    const [first, second] = [0, 1].map(() => lock.hold(() => readFileSync(path, "utf8")));
    const [owner, time] = /^([0-9a-f]{16})-1 since (\d+)\n$/.exec(first)!.slice(1);
    assert(second.startsWith(`${owner}-2 since `));
    assertLess(Math.abs(Date.now() - Number(time)), 60_000);
  });
});

test("hold() waits while another process holds the lock", () => {
  withLock((path) => {
    let pauses = 0;
    const pause = () => {
      if (++pauses === 5) rmSync(path);
    };
    const other = new FileLock({ ...nodeStorage, pause }, path);
    writeFileSync(path, "other-1 since 0\n");
    assertEquals(other.hold(() => pauses), 5);
  });
});

test("hold() takes over a killed holder's lock after its lease, not before", () => {
  withLock((path, names) => {
    let pausedMs = 0;
    const pause = (ms: number) => void (pausedMs += ms);
    const lock = new FileLock({ ...nodeStorage, pause }, path, { leaseMs: LEASE_MS });
    writeFileSync(path, "killed-1 since 0\n");
    assertEquals(lock.hold(() => readFileSync(path, "utf8").split("-")[0] === "killed"), false);
    assertGreater(pausedMs, LEASE_MS);
    assertLess(pausedMs, LEASE_MS + 20);
    assertEquals(names(), []);
  });
});

test("a lock that keeps changing its holder is never taken over", () => {
  withLock((path) => {
    let count = 0;
    const pause = () => writeFileSync(path, `other-${++count} since 0\n`);
    const lock = new FileLock({ ...nodeStorage, pause }, path, {
      leaseMs: LEASE_MS,
      timeoutMs: 10 * LEASE_MS,
    });
    writeFileSync(path, "other-0 since 0\n");
    const error = assertThrows(() => lock.hold(() => {}), StorageError);
    assertEquals([error.errno, error.canRetry], ["ETIMEDOUT", true]);
    assertEquals(
      error.message.startsWith(`Cannot get the lock "${path}": other processes held it for `),
      true,
    );
    assertEquals(readFileSync(path, "utf8"), `other-${count} since 0\n`);
  });
});

test("of two processes that see a killed holder, only one removes its lock", () => {
  withLock((path) => {
    let isFirst = true;
    // Between the claim and checking the lock, the other process arrives, does all of it, and has the lock.
    const interrupted: Storage = {
      ...hasty,
      publish(name, content) {
        const published = nodeStorage.publish(name, content);
        if (name.includes("killed-1") && isFirst) {
          isFirst = false;
          assertThrows(() => late.hold(() => {}), StorageError);
        }
        return published;
      },
    };
    const options = { leaseMs: LEASE_MS, timeoutMs: 1.5 * LEASE_MS };
    const first = new FileLock(interrupted, path, options);
    const late = new FileLock(hasty, path, options);
    writeFileSync(path, "killed-1 since 0\n");
    assertEquals(first.hold(() => readFileSync(path, "utf8").includes("killed")), false);
    assertEquals(isFirst, false);
  });
});

test("a late claim removes no lock taken meanwhile", () => {
  withLock((path) => {
    // Another process removed the killed holder's lock and claims, and took the lock itself.
    const overtaken: Storage = {
      ...hasty,
      publish(name, content) {
        if (name.includes("killed-1")) writeFileSync(path, "new-1 since 0\n");
        return nodeStorage.publish(name, content);
      },
    };
    const options = { leaseMs: LEASE_MS, timeoutMs: 1.5 * LEASE_MS };
    writeFileSync(path, "killed-1 since 0\n");
    assertThrows(() => new FileLock(overtaken, path, options).hold(() => {}), StorageError);
    assertEquals(readFileSync(path, "utf8"), "new-1 since 0\n");
  });
});

test("a process killed while removing a lock does not block it for ever", () => {
  withLock((path, names) => {
    const lock = new FileLock(hasty, path, { leaseMs: LEASE_MS });
    writeFileSync(path, "killed-1 since 0\n");
    writeFileSync(`${path}.killed-1.0`, "");
    lock.hold(() => {});
    assertEquals(names(), []);
  });
});

test("a process that held the lock for too long does not remove a later holder's lock", () => {
  withLock((path) => {
    let now = 1_000_000;
    const slow: Storage = { ...nodeStorage, now: () => now };
    new FileLock(slow, path, { leaseMs: LEASE_MS }).hold(() => {
      now += LEASE_MS;
      writeFileSync(path, "new-1 since 0\n");
    });
    assertEquals(readFileSync(path, "utf8"), "new-1 since 0\n");
  });
});

test("a lock is acquired even if the server's response was lost", () => {
  withLock((path) => {
    const forgetful: Storage = {
      ...nodeStorage,
      publish: (name, content) => nodeStorage.publish(name, content) && false,
    };
    assertEquals(new FileLock(forgetful, path, { timeoutMs: 0 }).hold(() => 1), 1);
  });
});

test("leftovers of killed processes next to the lock are removed when old", () => {
  withLock((path, names) => {
    for (const name of ["dead.draft", "killed-0.0", "young.draft"]) writeFileSync(`${path}.${name}`, "");
    for (const name of ["dead.draft", "killed-0.0"]) utimesSync(`${path}.${name}`, 1, 1);
    writeFileSync(path, "killed-1 since 0\n");
    new FileLock(hasty, path, { leaseMs: LEASE_MS }).hold(() => {});
    assertEquals(names(), ["00000000.lock.young.draft"]);
  });
});

test("hold() says why it cannot get the lock", () => {
  withLock((path) => {
    const error = assertThrows(() => new FileLock(nodeStorage, `${path}/no/lock`).hold(() => {}));
    assertInstanceOf(error, StorageError);
  });
});
