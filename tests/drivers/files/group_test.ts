// Members of a group with files, with simulated clocks and processes: what happens to those that are stopped,
// killed or busy while their partitions move.
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { during, pass, type Program, REQUEST, TIMEOUT_MS } from "./group_machines.ts";
import type { ConsumerInterface } from "../../../src/contract.ts";
import {
  ConsumerDeletedError,
  ConsumerInUseError,
  PartitionMovedError,
  StorageError,
  UnsupportedFormatError,
} from "../../../src/errors.ts";
import { core } from "../../../src/log/format/core/core.ts";
import { RosterFiles, vacant } from "../../../src/groups/roster.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import { test } from "../../harness.ts";
import { changedStorage } from "../../log/port_wrapper.ts";

function readAll(consumer: ConsumerInterface, partition: number): number {
  let count = 0;
  for (
    let batch;
    (batch = consumer.read(partition, 100)) !== undefined;
    count += (batch as { count: number }).count
  );
  return count;
}

async function positions({ topic }: Program): Promise<number[]> {
  return (await topic.lag("workers")).map(({ position }) => position);
}

test("a member whose process ended loses its partitions at another member's next check", async () => {
  await during(async (machines) => {
    const [one, two] = [await machines.open(1), await machines.open(2)];
    const first = await one.join();
    assertEquals(first.assigned, [0, 1]);
    const second = await two.join();
    one.look();
    two.look();
    assertEquals([first.assigned, second.assigned], [[0], [1]]);
    machines.gone.add(1);
    two.look();
    assertEquals(second.assigned, [0, 1]);
    await second.close();
  });
});

test("a busy member notices that another one is gone without waiting for its timers", async () => {
  await during(async (machines) => {
    const [one, two] = [await machines.open(1), await machines.open(2)];
    const first = await one.join({ groupTimeoutMs: 60_000 });
    const second = await two.join({ groupTimeoutMs: 60_000 });
    one.look();
    two.look();
    assertEquals([first.assigned, second.assigned], [[0], [1]]);
    machines.gone.add(1);
    machines.nowMs += 300;
    for (let events = 0; events < 100; events++) second.assigned;
    assertEquals(second.assigned, [0, 1]);
    await second.close();
  });
});

test("a member on another machine loses its partitions after its timeout, not before", async () => {
  await during(async (machines) => {
    const [one, two] = [await machines.open(1, { host: "there" }), await machines.open(2)];
    await one.join();
    const second = await two.join();
    one.look();
    // On another machine, the same process id means nothing.
    machines.gone.add(1);
    pass(machines, TIMEOUT_MS * 3, one, two);
    assertEquals(second.assigned, [1]);
    pass(machines, TIMEOUT_MS * 0.9, two);
    assertEquals(second.assigned, [1]);
    pass(machines, TIMEOUT_MS * 0.6, two);
    assertEquals(second.assigned, [0, 1]);
    await second.close();
  });
});

test("a member that was stopped for longer than its timeout delivers and acknowledges nothing when it resumes", async () => {
  await during(async (machines) => {
    const [one, two] = [await machines.open(1), await machines.open(2)];
    const released: number[] = [];
    const first = await one.join({ release: (partition) => (released.push(partition), 5) });
    readAll(first, 0);
    first.acknowledge(0, 2);
    const second = await two.join();
    pass(machines, TIMEOUT_MS * 2, two);
    assertEquals(second.assigned, [0, 1]);
    // Resumed, before any of its timers fire.
    assertThrows(() => first.acknowledge(0, 4), PartitionMovedError);
    assertEquals(first.assigned, []);
    assertEquals(released.sort(), [0, 1]);
    assertEquals(await positions(two), [2, 0]);
    // The next owner begins after the last acknowledged event.
    assertEquals([second.position(0), readAll(second, 0)], [2, 3]);
    await first.close();
    await second.close();
  });
});

test("a member that was stopped checks its ownership before it delivers an event", async () => {
  await during(async (machines) => {
    const [one, two] = [await machines.open(1), await machines.open(2)];
    const first = await one.join();
    await two.join();
    pass(machines, TIMEOUT_MS * 2, two);
    assertEquals(first.assigned, []);
  });
});

test("a member that was stopped briefly continues", async () => {
  await during(async (machines) => {
    const one = await machines.open(1);
    const first = await one.join();
    readAll(first, 0);
    pass(machines, TIMEOUT_MS * 5);
    assertEquals(first.assigned, [0, 1]);
    first.acknowledge(0, 3);
    assertEquals(await positions(one), [3, 0]);
    await first.close();
  });
});

for (const call of ["before", "after"] as const) {
  test(`an acknowledgement whose partition moves just ${call} it is written is refused, and has no effect`, async () => {
    await during(async (machines) => {
      let interrupt = () => {};
      const storage = changedStorage((file, path) => ({
        writeAt: (bytes, offset) => {
          if (!path.endsWith(".pos") || bytes.length !== 64) return file.writeAt(bytes, offset);
          const run = interrupt;
          interrupt = () => {};
          if (call === "before") run();
          const written = file.writeAt(bytes, offset);
          if (call === "after") run();
          return written;
        },
      }));
      const [one, two] = [await machines.open(1, { storage }), await machines.open(2)];
      const first = await one.join();
      readAll(first, 0);
      first.acknowledge(0, 1);
      await two.join();
      // Stopped in the middle of a call, for so long that another member has the partition.
      interrupt = () => pass(machines, TIMEOUT_MS * 2, two);
      assertThrows(() => first.acknowledge(0, 4), PartitionMovedError);
      // What was written before the other one read the file is acknowledged; what came later never counts.
      assertEquals(await positions(two), [call === "before" ? 1 : 4, 0]);
      await first.close();
    });
  });
}

test("two members that take over a partition at once agree on one owner, and acknowledgements are kept", async () => {
  await during(async (machines) => {
    let interrupt = () => {};
    const storage = changedStorage(() => ({}), {
      publish: (path, content, options) => {
        const run = path.endsWith(".pos") ? interrupt : () => {};
        if (path.endsWith(".pos")) interrupt = () => {};
        run();
        return plain.publish(path, content, options);
      },
    });
    const plain = changedStorage(() => ({}));
    const one = await machines.open(1);
    const first = await one.join();
    readAll(first, 0);
    first.acknowledge(0, 2);
    machines.gone.add(1);
    const [two, three] = [await machines.open(2, { storage }), await machines.open(3)];
    const third = three.topic.consumer("workers", REQUEST);
    // While it takes over, the second one is stopped, and the third one takes over from it.
    let opening: Promise<void> | undefined;
    interrupt = () => {
      machines.gone.add(2);
      opening = third.open();
      opening.catch(() => {});
    };
    const second = await two.join();
    await opening;
    assertEquals([...second.assigned, ...third.assigned].sort(), [0, 1]);
    three.look();
    assertEquals([third.position(0), readAll(third, 0)], [2, 3]);
    third.acknowledge(0, 5);
    assertEquals((await positions(three))[0], 5);
  });
});

test("a clock step of hours moves no partition", async () => {
  await during(async (machines) => {
    let wallMs = Date.now();
    const storage = changedStorage(() => ({}), { now: () => wallMs });
    const [one, two] = [await machines.open(1, { storage }), await machines.open(2, { storage })];
    const [first, second] = [await one.join(), await two.join()];
    one.look();
    two.look();
    for (const step of [3_600_000, -7_200_000, 86_400_000]) {
      wallMs += step;
      pass(machines, TIMEOUT_MS, one, two);
      assertEquals([first.assigned, second.assigned], [[0], [1]]);
    }
    readAll(first, 0);
    first.acknowledge(0, 3);
    machines.gone.add(1);
    two.look();
    assertEquals(second.position(0), 3);
  });
});

test("a seek from outside is applied by the next owner, and excludes no member", async () => {
  await during(async (machines) => {
    const [one, two] = [await machines.open(1), await machines.open(2)];
    const first = await one.join();
    readAll(first, 0);
    first.acknowledge(0, 2);
    await two.topic.seekConsumer("workers", { id: 1 }, [0]);
    first.acknowledge(0, 4);
    assertEquals(await positions(two), [4, 0]);
    await first.close();
  });
});

test("a group damaged by a power cut is rebuilt by its members", async () => {
  await during(async (machines) => {
    const [one, two] = [await machines.open(1), await machines.open(2)];
    const [first, second] = [await one.join(), await two.join()];
    const group = join(machines.rootPath, "jobs/consumers/workers/group");
    const last = readdirSync(group).filter((name) => name.endsWith(".json")).sort().at(-1)!;
    writeFileSync(join(group, last), "\0\0\0\0");
    pass(machines, 1000, one, two);
    assertEquals([...first.assigned, ...second.assigned].sort(), [0, 1]);
    assertEquals([first.assigned.length, second.assigned.length], [1, 1]);
  });
});

test("members of a deleted consumer get an error", async () => {
  await during(async (machines) => {
    const one = await machines.open(1);
    const first = await one.join();
    readAll(first, 0);
    await one.topic.deleteConsumer("workers");
    assertThrows(() => first.acknowledge(0, 3), ConsumerDeletedError);
    one.look();
    assertEquals(first.assigned, []);
    const error = await first.waitForEvents(new AbortController().signal).catch((error) => error);
    assertInstanceOf(error, ConsumerDeletedError);
  });
});

test("a consumer outside the group is refused in every process while the group has members, and accepted afterwards", async () => {
  await during(async (machines) => {
    const [one, two] = [
      await machines.open(1),
      await machines.open(2, { storage: changedStorage(() => ({})) }),
    ];
    const early = two.topic.consumer("workers", { ...REQUEST, group: false });
    await early.open();
    const member = await one.join();
    readAll(member, 0);
    member.acknowledge(0, 2);
    // It was there first, in another process: nothing is lost when it learns about the group.
    readAll(early, 0);
    await assertRejects(async () => await early.acknowledge(0, 4), ConsumerInUseError, "as a group");
    await early.close();
    assertEquals(await positions(one), [2, 0]);
    machines.gone.add(1);
    const late = two.topic.consumer("workers", { ...REQUEST, group: false });
    await late.open();
    assertEquals(late.position(0), 2);
    readAll(late, 0);
    await late.acknowledge(0, 5);
    assertEquals(await positions(two), [5, 0]);
    await late.close();
  });
});

test("a consumer that reads alone beside a member on the same machine is refused at once", async () => {
  await during(async (machines) => {
    const [one, two] = [await machines.open(1), await machines.open(2)];
    const member = await one.join();
    two.sleep = () => Promise.reject(new Error("it waited"));
    const lone = () => two.topic.consumer("workers", { ...REQUEST, group: false }).open();
    await assertRejects(lone, ConsumerInUseError);
    await member.close();
    // One that was refused is in no group's way.
    const next = await two.join({ groupTimeoutMs: undefined });
    const files = new RosterFiles(nodeStorage, join(machines.rootPath, "jobs/consumers/workers/group"), 2);
    assertEquals(files.read()?.members.map(({ timeoutMs }) => timeoutMs), [10_000]);
    await next.close();
    await lone();
  });
});

test("a group in a folder that cannot be written says what it needs it for", async () => {
  await during(async (machines) => {
    const storage = changedStorage(() => ({}), {
      makeDirectory: (path) => {
        throw new StorageError("EROFS", `Cannot make folder "${path}": the file system is read-only (EROFS)`);
      },
    });
    const one = await machines.open(1, { storage });
    const error = await one.join().catch((error) => error);
    assertInstanceOf(error, StorageError);
    assertEquals(error.errno, "EROFS");
    assert(error.message.includes('Cannot share topic "jobs" as consumer "workers"'), error.message);
    const lone = one.topic.consumer("workers", { ...REQUEST, group: false });
    await lone.open();
    assertEquals(readAll(lone, 0), 5);
    await lone.close();
  });
});

test("a group that cannot be joined, or whose consumer cannot be made, says what it needs that for", async () => {
  for (const [place, fault] of [["/group/", "EIO"], ["/name", "EACCES"]] as const) {
    await during(async (machines) => {
      const storage = changedStorage(() => ({}), {
        publish: (path, content, options) => {
          if (path.includes(place)) {
            throw new StorageError(fault, `Cannot write "${path}": simulated (${fault})`);
          }
          return nodeStorage.publish(path, content, options);
        },
      });
      const one = await machines.open(1, { storage });
      const error = await one.join().catch((error) => error);
      assertInstanceOf(error, StorageError);
      assertEquals(error.errno, fault);
      assert(error.message.includes('Cannot share topic "jobs" as consumer "workers"'), error.message);
      assert(error.message.includes(place), error.message);
    });
  }
});

test("a group is refused while consumers of this process read alone, until the last one is closed", async () => {
  await during(async (machines) => {
    const one = await machines.open(1);
    const lone = [1, 2].map(() => one.topic.consumer("workers", { ...REQUEST, group: false }));
    for (const consumer of lone) await consumer.open();
    const other = one.topic.consumer("others", { ...REQUEST, group: false });
    await other.open();
    const refused = () => assertRejects(() => one.join(), ConsumerInUseError, "reads all partitions");
    await refused();
    await lone[0]!.close();
    await refused();
    // Neither does closing it again count for the other one, nor closing one that was never opened.
    await lone[0]!.close();
    await one.topic.consumer("workers", { ...REQUEST, group: false }).close();
    await refused();
    await lone[1]!.close();
    const member = await one.join();
    assertEquals(member.assigned, [0, 1]);
    await member.close();
    await other.close();
  });
});

test("a lone consumer waits until it knows whether the members on another machine live", async () => {
  for (const lives of [true, false]) {
    await during(async (machines) => {
      machines.nowMs = 1e6;
      const [far, here] = [await machines.open(1, { host: "there" }), await machines.open(2)];
      await far.join();
      // One that lives is enough, though another one has died.
      if (lives) await (await machines.open(3, { host: "elsewhere" })).join();
      let waits = 0;
      here.sleep = (ms) => {
        assertEquals(ms, 100);
        waits++;
        machines.nowMs += ms;
        if (lives) far.look();
        return Promise.resolve();
      };
      const lone = here.topic.consumer("workers", { ...REQUEST, group: false });
      if (lives) {
        await assertRejects(() => lone.open(), ConsumerInUseError, "as a group");
        // Its heartbeat is due every fifth of a second, and is read as often.
        assertEquals(waits, 2);
      } else {
        await lone.open();
        assertEquals(waits, 12);
        await lone.close();
      }
    });
  }
});

test("a lone consumer waits twice the timeout at most for members that come and go", async () => {
  await during(async (machines) => {
    const here = await machines.open(2);
    const member = await here.join();
    await member.close();
    const files = new RosterFiles(nodeStorage, join(machines.rootPath, "jobs/consumers/workers/group"), 2);
    let waits = 0;
    const comeAndGo = (): void => {
      const id = String(waits);
      const far = { id, host: "there", pid: 1, started: "then", timeoutMs: TIMEOUT_MS, renewals: 0 };
      files.publish(files.read(), { members: [far], shares: vacant(2, 1) });
    };
    here.sleep = (ms) => {
      waits++;
      machines.nowMs += ms;
      comeAndGo();
      return Promise.resolve();
    };
    comeAndGo();
    const lone = here.topic.consumer("workers", { ...REQUEST, group: false });
    await assertRejects(() => lone.open(), ConsumerInUseError, "as a group");
    assertEquals(waits, 21);
  });
});

test("the members of a group are listed with their partitions and without what only programs read of their host", async () => {
  await during(async (machines) => {
    const one = await machines.open(7, { host: "here/boot/42" });
    const two = await machines.open(8, { host: "here/boot/42" });
    await Promise.all([one.join(), two.join()]);
    const members = await two.topic.members!("workers");
    const listed = members.map(({ host, pid, partitions }) => ({ host, pid, partitions }));
    assertEquals(listed.sort((one, other) => Number(one.pid) - Number(other.pid)), [
      { host: "here", pid: 7, partitions: [0] },
      { host: "here", pid: 8, partitions: [1] },
    ]);
    machines.gone.add(7);
    assertEquals((await two.topic.members!("workers")).map(({ pid }) => pid), [8]);
    assertEquals(await two.topic.members!("others"), []);
  });
});

/** The group's folder. */
function groupFolder({ rootPath }: { rootPath: string }): string {
  return join(rootPath, "jobs/consumers/workers/group");
}

test("a member that others keep waiting is open after a second, and gets its part after their timeout", async () => {
  await during(async (machines) => {
    const [one, two] = [await machines.open(1), await machines.open(2)];
    const first = await one.join();
    for (const partition of [0, 1]) readAll(first, partition);
    const waits: number[] = [];
    two.sleep = (ms) => {
      waits.push(ms);
      one.look();
      return Promise.resolve();
    };
    const second = two.topic.consumer("workers", REQUEST);
    await second.open();
    assertEquals(waits, new Array(100).fill(10));
    assertEquals([first.assigned, second.assigned], [[0], []]);
    pass(machines, TIMEOUT_MS - 100, one, two);
    assertEquals(second.assigned, []);
    pass(machines, 200, one, two);
    assertEquals(second.assigned, [1]);
    const error = assertThrows(() => first.acknowledge(1, 5), PartitionMovedError);
    assert(error.message.includes('"workers"'), error.message);
    await first.close();
    await second.close();
  });
});

test("a member that is open has what the others hand over at once", async () => {
  await during(async (machines) => {
    const [one, two] = [await machines.open(1), await machines.open(2)];
    const first = await one.join();
    two.sleep = () => Promise.resolve(one.look());
    const second = two.topic.consumer("workers", REQUEST);
    await second.open();
    assertEquals(second.assigned, [1]);
    await first.close();
    await second.close();
  });
});

test("a member that cannot be opened leaves the group", async () => {
  await during(async (machines) => {
    const [one, two] = [await machines.open(1), await machines.open(2)];
    const first = await one.join();
    const failure = new Error("cut short");
    two.sleep = () => Promise.reject(failure);
    assertStrictEquals(await assertRejects(() => two.topic.consumer("workers", REQUEST).open()), failure);
    assertEquals((await one.topic.members!("workers")).map(({ pid }) => pid), [1]);
    await first.close();
  });
});

test("a group's folder that leads elsewhere is refused, and so is that of its members", async () => {
  for (const [path, made] of [["", "members"], ["members", ""]] as const) {
    await during(async (machines) => {
      const one = await machines.open(1);
      // Makes the consumer's folder.
      await (await one.join()).close();
      const elsewhere = join(machines.rootPath, ".elsewhere");
      mkdirSync(join(elsewhere, made), { recursive: true });
      const place = join(groupFolder(machines), path);
      rmSync(place, { recursive: true });
      symlinkSync(elsewhere, place, "dir");
      await assertRejects(() => one.join(), StorageError, "expected a folder of its own");
      assertEquals(readdirSync(join(elsewhere, made)), []);
    });
  }
});

test("a group of a newer version is refused as that", async () => {
  await during(async (machines) => {
    const one = await machines.open(1);
    await (await one.join()).close();
    const text = new TextEncoder().encode(JSON.stringify({ version: 2 }));
    const checksum = core.crc32(text).toString(16).padStart(8, "0");
    const path = join(groupFolder(machines), `${String(2 ** 40).padStart(16, "0")}.json`);
    writeFileSync(path, `${checksum}\n${new TextDecoder().decode(text)}`);
    await assertRejects(() => one.join(), UnsupportedFormatError);
  });
});

test("members count as present unless their process has certainly ended, which only their own machine knows", async () => {
  for (const [host, present] of [["there", [1]], ["", [1]], ["here", []]] as const) {
    await during(async (machines) => {
      const far = await machines.open(1, { host });
      // Two machines that do not know their names may be different ones.
      const here = await machines.open(2, { host: host === "" ? "" : "here" });
      await far.join();
      machines.gone.add(1);
      // A cheap look does not notice that another process has the pid by now.
      here.isGone = ({ pid }, thorough) => thorough && machines.gone.has(pid);
      assertEquals((await here.topic.members!("workers")).map(({ pid }) => pid), [...present]);
    });
  }
});

test("a group is refused while a consumer reads alone in a topic of an earlier version, too", async () => {
  await during(async (machines) => {
    const topic = join(machines.rootPath, "jobs");
    for (const name of readdirSync(topic)) if (name.startsWith("id-")) rmSync(join(topic, name));
    const one = await machines.open(1);
    const lone = one.topic.consumer("workers", { ...REQUEST, group: false });
    await lone.open();
    await assertRejects(() => one.join(), ConsumerInUseError, "reads all partitions");
    await lone.close();
    await (await one.join()).close();
  });
});
