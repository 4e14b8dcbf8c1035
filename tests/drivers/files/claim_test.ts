// The claim to fill a topic: one holder at a time, until it ends or dies.
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { hostname } from "node:os";
import process from "node:process";
import { StorageError, TransferInProgressError } from "../../../mod.ts";
import { claimTopic } from "../../../src/drivers/files/claim.ts";
import { machine } from "../../../src/drivers/files/machine.ts";
import type { OpenMode, Storage } from "../../../src/storage/port.ts";
import { test } from "../../harness.ts";
import { ScriptedEnvironment } from "../../groups/scripted_environment.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

const PATH = `${ROOT}/.filling-t`;
/** No process has this id. */
const NO_PID = 2 ** 30;
/** What says that a pid is one of this machine. */
const HERE = { host: hostname(), machine: machine.self.host };

/** This machine, with a clock whose waits end at once, and do something else meanwhile. */
class WaitingEnvironment extends ScriptedEnvironment {
  override readonly self = machine.self;
  override readonly isGone = machine.isGone;
  readonly waits: number[] = [];

  constructor(private readonly meanwhile: (waits: number) => void = () => {}) {
    super();
  }

  override sleep(ms = NaN): Promise<void> {
    this.meanwhile(this.waits.push(ms));
    return Promise.resolve();
  }
}

const fiftyWaits = Array.from({ length: 50 }, () => 100);

/** A sign of life of a holder, in its claim, which may have been moved aside. */
function beat(folder: SimulatedFolder, holder: object): void {
  const name = folder.names().find((name) => name.startsWith(".moved-claim-t.")) ?? ".filling-t";
  folder.storage.replace(`${ROOT}/${name}`, new TextEncoder().encode(JSON.stringify(holder)));
}

function holderIn({ storage }: SimulatedFolder): { token: string; host: string; pid: number; beats: number } {
  return JSON.parse(new TextDecoder().decode(storage.readWhole(PATH)));
}

test("a claim names its holder in a file, and removes it at its end", async () => {
  const folder = new SimulatedFolder();
  const claim = await claimTopic(folder.storage, `${ROOT}/deep/root`, "t");
  assertEquals(folder.names(), ["deep", "deep/root", "deep/root/.filling-t"]);
  await claim[Symbol.asyncDispose]();
  assertEquals(folder.names(), ["deep", "deep/root"]);
  const other = await claimTopic(folder.storage, ROOT, "t");
  const { token, ...holder } = holderIn(folder);
  assertEquals(holder, { ...JSON.parse(JSON.stringify(machine.self)), ...HERE, beats: 0 });
  assertMatch(token, /^[0-9a-f]{16}$/);
  await other[Symbol.asyncDispose]();
});

test("a second claim on a topic is refused at once in the same process, and says who has it", async () => {
  const folder = new SimulatedFolder();
  const claim = await claimTopic(folder.storage, ROOT, "t");
  const error = await assertRejects(() => claimTopic(folder.storage, ROOT, "t"), TransferInProgressError);
  assertEquals([error.message.includes(`"t"`), error.message.includes(String(process.pid))], [true, true]);
  await (await claimTopic(folder.storage, ROOT, "other"))[Symbol.asyncDispose]();
  await claim[Symbol.asyncDispose]();
  await (await claimTopic(folder.storage, ROOT, "t"))[Symbol.asyncDispose]();
});

// A worker thread that was terminated left its claim to a process that lives: there the topic could not be filled until
// that process ended, while every other process took it over after five seconds.
test("a claim of another thread of this process counts as long as it shows signs of life", async () => {
  const holder = { token: "a", ...HERE, pid: process.pid, started: machine.self.started };
  const folder = new SimulatedFolder();
  folder.file(".filling-t", JSON.stringify({ ...holder, beats: 3 }));
  const lives = new WaitingEnvironment((waits) => {
    if (waits === 10) beat(folder, { ...holder, beats: 4 });
  });
  await assertRejects(() => claimTopic(folder.storage, ROOT, "t", lives), TransferInProgressError);
  assertEquals(lives.waits.length, 10);
  const terminated = new WaitingEnvironment();
  const claim = await claimTopic(folder.storage, ROOT, "t", terminated);
  assertEquals(terminated.waits, fiftyWaits);
  await claim[Symbol.asyncDispose]();
});

test("tokens of claims differ", async () => {
  const tokens = new Set<string>();
  const folder = new SimulatedFolder();
  for (let count = 0; count < 20; count++) {
    const claim = await claimTopic(folder.storage, ROOT, "t");
    tokens.add(holderIn(folder).token);
    await claim[Symbol.asyncDispose]();
  }
  assertEquals(tokens.size, 20);
});

test("the claim of a process that has ended is taken over at once", async () => {
  const folder = new SimulatedFolder();
  folder.file(".filling-t", JSON.stringify({ token: "dead", ...HERE, pid: NO_PID, beats: 3 }));
  const claim = await claimTopic(folder.storage, ROOT, "t");
  assertEquals(folder.names(), [".filling-t"]);
  assertEquals(holderIn(folder).pid, process.pid);
  await claim[Symbol.asyncDispose]();
});

test("a process is another one with another pid, another beginning or on another machine, whatever else is the same", async () => {
  const { started, pid } = machine.self;
  const others: [holder: object, waits: number[]][] = [
    [{ ...HERE, pid: NO_PID, started }, []],
    [{ ...HERE, pid, started: "before" }, []],
    [{ ...HERE, machine: "another", pid, started }, fiftyWaits],
    [{ ...HERE, machine: "", pid, started }, fiftyWaits],
  ];
  for (const [holder, waits] of others) {
    const folder = new SimulatedFolder();
    folder.file(".filling-t", JSON.stringify({ token: "a", ...holder, beats: 3 }));
    const clock = new WaitingEnvironment();
    const claim = await claimTopic(folder.storage, ROOT, "t", clock);
    assertEquals(clock.waits, waits, JSON.stringify(holder));
    await claim[Symbol.asyncDispose]();
  }
  // A process that does not know its machine knows no other one on it.
  const folder = new SimulatedFolder();
  folder.file(".filling-t", JSON.stringify({ token: "a", ...HERE, machine: "", pid: NO_PID, beats: 3 }));
  const clock = Object.assign(new WaitingEnvironment(), { self: { ...machine.self, host: "" } });
  const claim = await claimTopic(folder.storage, ROOT, "t", clock);
  assertEquals(clock.waits, fiftyWaits);
  await claim[Symbol.asyncDispose]();
});

test("a claim that another process moves aside in the moment in which it was made still counts", async () => {
  const moved = ".moved-claim-t.0123456789abcdef";
  // Before its file is open, another one is made.
  for (const [call, left] of [["list", moved], ["open", ".filling-t"]] as const) {
    const folder = new SimulatedFolder();
    folder.before = (name) => {
      if (name !== call || folder.storage.stat(PATH) === undefined) return;
      folder.before = () => {};
      folder.storage.rename(PATH, `${ROOT}/${moved}`);
    };
    const claim = await claimTopic(folder.storage, ROOT, "t");
    assertEquals(folder.names(), [left], call);
    await claim[Symbol.asyncDispose]();
    assertEquals(folder.names(), [], call);
  }
});

test("a claim that goes while its holder removes it is removed, and one that cannot be removed is an error", async () => {
  for (const isGone of [true, false]) {
    const folder = new SimulatedFolder();
    const claim = await claimTopic(folder.storage, ROOT, "t");
    folder.before = (name) => {
      if (name !== "rename") return;
      folder.before = () => {};
      if (!isGone) throw new StorageError("EACCES", "Cannot rename: simulated");
      folder.storage.remove(PATH);
    };
    const ending = async () => await claim[Symbol.asyncDispose]();
    if (isGone) await ending();
    else await assertRejects(ending, StorageError, "simulated");
    assertEquals(folder.names().length, isGone ? 0 : 1);
  }
});

test("a holder on another machine that shows signs of life keeps its claim", async () => {
  const folder = new SimulatedFolder();
  const holder = { token: "far", host: "far away", pid: NO_PID, beats: 3 };
  folder.file(".filling-t", JSON.stringify(holder));
  const claiming = claimTopic(folder.storage, ROOT, "t").catch((error) => error);
  folder.storage.replace(PATH, new TextEncoder().encode(JSON.stringify({ ...holder, beats: 4 })));
  const error = await claiming;
  assertEquals(error instanceof TransferInProgressError, true);
  assertEquals([error.message.includes("far away"), error.message.includes(String(NO_PID))], [true, true]);
  assertEquals(holderIn(folder).beats, 4);
});

test("a claim that its holder gives up meanwhile is taken", async () => {
  const folder = new SimulatedFolder();
  folder.file(".filling-t", JSON.stringify({ token: "far", host: "far away", pid: NO_PID, beats: 3 }));
  const claiming = claimTopic(folder.storage, ROOT, "t");
  folder.storage.remove(PATH);
  const claim = await claiming;
  assertEquals(holderIn(folder).pid, process.pid);
  await claim[Symbol.asyncDispose]();
});

test("what a process that was killed while it removed a claim has moved aside goes with the next claim", async () => {
  const folder = new SimulatedFolder();
  const dead = JSON.stringify({ token: "dead", ...HERE, pid: NO_PID, beats: 3 });
  folder.file(".moved-claim-t.0123456789abcdef", dead);
  // Of other topics.
  const others = [".moved-claim-other.0123456789abcdef", ".moved-claim-t.x.0123456789abcdef"];
  for (const name of others) folder.file(name, dead);
  const claim = await claimTopic(folder.storage, ROOT, "t");
  assertEquals(folder.names(), [".filling-t", ...others]);
  await claim[Symbol.asyncDispose]();
  assertEquals(folder.names(), others);
});

test("a claim that was moved aside counts as long as its holder lives, which removes it at its end", async () => {
  const folder = new SimulatedFolder();
  const { storage } = folder;
  const clock = new ScriptedEnvironment();
  const claim = await claimTopic(storage, ROOT, "t", clock);
  const moved = ".moved-claim-t.0123456789abcdef";
  storage.rename(PATH, `${ROOT}/${moved}`);
  clock.timers.get(1000)!();
  await assertRejects(
    () => claimTopic(storage, ROOT, "t", new ScriptedEnvironment()),
    TransferInProgressError,
  );
  assertEquals(folder.names(), [moved]);
  const text = new TextDecoder().decode(storage.readWhole(`${ROOT}/${moved}`));
  assertEquals([JSON.parse(text).beats, clock.timers.size], [1, 1]);
  await claim[Symbol.asyncDispose]();
  assertEquals(folder.names(), []);
});

test("a claim that another process has taken over is not removed by its former holder, which stops its signs of life", async () => {
  const folder = new SimulatedFolder();
  const claim = await claimTopic(folder.storage, ROOT, "t");
  const other = { token: "other", host: "far away", pid: 1, beats: 0 };
  folder.storage.replace(PATH, new TextEncoder().encode(JSON.stringify(other)));
  await claim[Symbol.asyncDispose]();
  assertEquals(holderIn(folder), other);
});

test("a claim that another process has taken over from a dead one is left to it", async () => {
  const folder = new SimulatedFolder();
  const { storage } = folder;
  folder.file(".filling-t", JSON.stringify({ token: "dead", ...HERE, pid: NO_PID, beats: 3 }));
  const other = { token: "other", ...machine.self, ...HERE, beats: 0 };
  folder.before = (name, path) => {
    if (name !== "rename" || path !== PATH) return;
    folder.before = () => {};
    storage.replace(PATH, new TextEncoder().encode(JSON.stringify(other)));
  };
  const lives = new WaitingEnvironment(() => beat(folder, { ...other, beats: 1 }));
  await assertRejects(() => claimTopic(storage, ROOT, "t", lives), TransferInProgressError);
  const [name, ...more] = folder.names();
  assertEquals(more, []);
  const left = JSON.parse(new TextDecoder().decode(storage.readWhole(`${ROOT}/${name}`)));
  assertEquals(left, { ...other, beats: 1 });
});

test("a holder counts in its file once a second, as long as the claim is its own", async () => {
  const folder = new SimulatedFolder();
  const clock = new WaitingEnvironment();
  let isFailing = false;
  const storage = new Proxy(folder.storage, {
    get: (target, name: keyof Storage) =>
      name !== "open" ? target[name] : (path: string, mode: OpenMode) => {
        const file = target.open(path, mode);
        const writeAt = file.writeAt.bind(file);
        file.writeAt = (bytes, offset) => {
          if (isFailing) throw new StorageError("EIO", "Cannot write: simulated");
          return writeAt(bytes, offset);
        };
        return file;
      },
  });
  const claim = await claimTopic(storage, ROOT, "t", clock);
  assertEquals([...clock.timers.keys()], [1000]);
  const beat = clock.timers.get(1000)!;
  beat();
  // A heartbeat that fails is left out.
  isFailing = true;
  beat();
  assertEquals(holderIn(folder).beats, 1);
  isFailing = false;
  for (let count = 3; count <= 12; count++) beat();
  assertEquals([holderIn(folder).beats, holderIn(folder).pid, clock.timers.size], [12, process.pid, 1]);
  const other = { token: "other", host: "far away", pid: 1, beats: 0 };
  folder.storage.replace(PATH, new TextEncoder().encode(JSON.stringify(other)));
  beat();
  assertEquals([holderIn(folder), clock.timers.size], [other, 0]);
  await claim[Symbol.asyncDispose]();
  folder.storage.remove(PATH);
  const next = await claimTopic(folder.storage, ROOT, "t", clock);
  await next[Symbol.asyncDispose]();
  assertEquals([clock.timers.size, folder.names()], [0, []]);
});

test("a holder of which nothing is heard for five seconds is dead, whatever it is", async () => {
  const holders = [
    { token: "a", host: "far away", pid: NO_PID, beats: 3 },
    { token: "a", host: "far away", pid: process.pid, beats: 3 },
    { token: "a", ...HERE, pid: process.ppid, beats: 3 },
    // Of an earlier version, or of a container with the same name.
    { token: "a", host: hostname(), pid: NO_PID, beats: 3 },
    { token: "a", ...HERE, machine: `${HERE.machine}1`, pid: NO_PID, beats: 3 },
    // These no version has written.
    ...[{ token: "a" }, { token: "a", host: hostname(), pid: "7", beats: 3 }, "text", null, {}],
    { token: "a", host: hostname(), pid: process.ppid },
    { token: "a", pid: process.ppid, beats: 3 },
  ];
  for (const holder of [...holders.map((each) => JSON.stringify(each)), "{", ""]) {
    const folder = new SimulatedFolder();
    folder.file(".filling-t", holder);
    const clock = new WaitingEnvironment();
    const claim = await claimTopic(folder.storage, ROOT, "t", clock);
    assertEquals([clock.waits, holderIn(folder).pid], [fiftyWaits, process.pid], holder);
    await claim[Symbol.asyncDispose]();
    assertEquals(folder.names(), []);
  }
});

test("a claim that another process takes over while it is waited for is that one's", async () => {
  const folder = new SimulatedFolder();
  const holder = { token: "a", host: "far away", pid: 7, beats: 3 };
  folder.file(".filling-t", JSON.stringify(holder));
  const clock = new WaitingEnvironment((waits) => {
    if (waits < 3) return;
    const next = { ...holder, token: "b", host: "elsewhere", pid: 8 };
    folder.storage.replace(PATH, new TextEncoder().encode(JSON.stringify(next)));
  });
  const claiming = () => claimTopic(folder.storage, ROOT, "t", clock);
  const error = await assertRejects(claiming, TransferInProgressError, "elsewhere");
  assertEquals([error.message.includes("8"), clock.waits.length, holderIn(folder).token], [true, 3, "b"]);
});

test("a token that no version has written is not used as a part of a path", async () => {
  for (const token of ["../x", "a/b", "A", "", "a".repeat(65), 7, null, undefined]) {
    const folder = new SimulatedFolder();
    folder.file(".filling-t", JSON.stringify({ token, ...HERE, pid: NO_PID, beats: 3 }));
    const paths = new Set<string>();
    folder.before = (name, path) => void (["publish", "rename", "remove"].includes(name) && paths.add(path));
    const claim = await claimTopic(folder.storage, ROOT, "t", new WaitingEnvironment());
    const isKnown = (name: string) => name === ".filling-t" || /^\.moved-claim-t\.[0-9a-f]{16}$/.test(name);
    const names = [...paths].map((path) => path.replace(`${ROOT}/`, ""));
    assertEquals(names.filter((name) => !isKnown(name)), [], String(token));
    assertEquals(folder.names(), [".filling-t"]);
    await claim[Symbol.asyncDispose]();
  }
});

test("a claim that is taken over before its holder has opened the file is not the holder's", async () => {
  const other = { token: "other", ...machine.self, ...HERE, beats: 0 };
  for (const taken of [other, undefined]) {
    const folder = new SimulatedFolder();
    const { storage } = folder;
    folder.before = (name, path) => {
      if (name !== "open" || path !== PATH) return;
      folder.before = () => {};
      storage.remove(PATH);
      if (taken !== undefined) folder.file(".filling-t", JSON.stringify(taken));
    };
    const lives = new WaitingEnvironment(() => beat(folder, { ...other, beats: 1 }));
    const claiming = claimTopic(storage, ROOT, "t", lives);
    if (taken !== undefined) await assertRejects(() => claiming, TransferInProgressError);
    else await (await claiming)[Symbol.asyncDispose]();
    assertEquals(folder.names(), taken === undefined ? [] : [".filling-t"]);
  }
});

test("a claim that ends between two looks at it is taken", async () => {
  const folder = new SimulatedFolder();
  folder.file(".filling-t", JSON.stringify({ token: "a", host: "far away", pid: 7, beats: 3 }));
  folder.before = (name, path) => {
    if (name !== "readWhole") return;
    folder.before = () => {};
    folder.storage.remove(path);
  };
  const claim = await claimTopic(folder.storage, ROOT, "t");
  assertEquals(holderIn(folder).pid, process.pid);
  await claim[Symbol.asyncDispose]();
});
