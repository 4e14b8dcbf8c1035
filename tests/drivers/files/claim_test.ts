// The claim to fill a topic: one holder at a time, until it ends or dies.
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { hostname } from "node:os";
import process from "node:process";
import { TransferInProgressError } from "../../../mod.ts";
import { claimTopic } from "../../../src/drivers/files/claim.ts";
import { test } from "../../harness.ts";
import { ROOT, SimulatedFolder } from "./simulated_folder.ts";

const PATH = `${ROOT}/.filling-t`;
/** No process has this id. */
const NO_PID = 2 ** 30;

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
  assertEquals(holder, { host: hostname(), pid: process.pid, beats: 0 });
  assertMatch(token, /^[0-9a-z]{5,}$/);
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
  folder.file(".filling-t", JSON.stringify({ token: "dead", host: hostname(), pid: NO_PID, beats: 3 }));
  const claim = await claimTopic(folder.storage, ROOT, "t");
  assertEquals(folder.names(), [".filling-t"]);
  assertEquals(holderIn(folder).pid, process.pid);
  await claim[Symbol.asyncDispose]();
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

test("of two that take over the claim of a dead process one removes it, and what such a one left goes in time", async () => {
  const folder = new SimulatedFolder();
  const { storage, disk } = folder;
  folder.file(".filling-t", JSON.stringify({ token: "dead", host: hostname(), pid: NO_PID, beats: 3 }));
  // Another process had the right to remove it, and was killed before it did.
  folder.file(".filling-t.dead");
  const claiming = claimTopic(storage, ROOT, "t");
  assertEquals(holderIn(folder).token, "dead");
  disk.clock.pass(6_000);
  const claim = await claiming;
  assertEquals(folder.names(), [".filling-t"]);
  assertEquals(holderIn(folder).pid, process.pid);
  await claim[Symbol.asyncDispose]();
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
  folder.file(".filling-t", JSON.stringify({ token: "dead", host: hostname(), pid: NO_PID, beats: 3 }));
  const other = { token: "other", host: hostname(), pid: process.pid, beats: 0 };
  folder.before = (name, path) => {
    if (name !== "publish" || path !== `${PATH}.dead`) return;
    folder.before = () => {};
    storage.replace(PATH, new TextEncoder().encode(JSON.stringify(other)));
  };
  await assertRejects(() => claimTopic(storage, ROOT, "t"), TransferInProgressError);
  assertEquals([holderIn(folder), folder.names()], [other, [".filling-t"]]);
});

test("the right to remove a claim is taken by the next one if its owner gave it up", async () => {
  const folder = new SimulatedFolder();
  const { storage } = folder;
  folder.file(".filling-t", JSON.stringify({ token: "dead", host: hostname(), pid: NO_PID, beats: 3 }));
  folder.file(".filling-t.dead");
  folder.before = (name, path) => {
    if (name === "stat" && path === `${PATH}.dead`) storage.remove(path);
  };
  const claim = await claimTopic(storage, ROOT, "t");
  assertEquals(holderIn(folder).pid, process.pid);
  await claim[Symbol.asyncDispose]();
  assertEquals(folder.names(), []);
});
