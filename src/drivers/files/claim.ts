/**
 * The exclusive claim of one process on filling a topic: a file next to the topics that names the holder, which
 * increments a counter in it as a heartbeat. A killed holder is detected by its dead process or its missing
 * heartbeats.
 *
 * @module
 */
import { hostname } from "node:os";
import process from "node:process";
import { TransferInProgressError } from "../../errors.ts";
import type { GroupEnvironment } from "../../log/mod.ts";
import { randomHex, type Storage } from "../../storage/port.ts";
import { hasExited, machine } from "./machine.ts";
import { makeTree } from "./make_tree.ts";

const PREFIX = ".filling-";
const HEARTBEAT_MS = 1000;
/** A holder without a heartbeat for this long is dead. */
const HEARTBEAT_TIMEOUT_MS = 5000;
const POLL_MS = 100;
const CLAIM_BYTES_MAX = 4096;
/** A token is part of a path: another one, which only another program writes, could lead out of the store. */
const TOKEN = /^[0-9a-z]{1,64}$/;

/** The content of the file. */
interface Holder {
  token: string;
  host: string;
  pid: number;
  beats: number;
}

/** What sends heartbeats and waits for those of others. */
type Clock = Pick<GroupEnvironment, "every" | "sleep">;

/** Acquires the claim, or throws `TransferInProgressError`, which names the holder. */
export async function claimTopic(
  storage: Storage,
  rootPath: string,
  name: string,
  clock: Clock = machine,
): Promise<AsyncDisposable> {
  makeTree(storage, rootPath);
  const path = `${rootPath}/${PREFIX}${name}`;
  const token = randomHex(storage, 2);
  const own: Holder = { token, host: hostname(), pid: process.pid, beats: 0 };
  while (!storage.publish(path, bytesOf(own), { durable: false })) {
    const holder = holderOf(storage, path);
    if (holder !== undefined) await removeIfDead({ storage, path, name, clock }, holder);
  }
  const stop = clock.every(HEARTBEAT_MS, () => {
    try {
      if (holderOf(storage, path)?.token !== token) return stop();
      own.beats++;
      storage.replace(path, bytesOf(own));
    } catch {
      // The next heartbeat tries again; without competitors nothing is lost.
    }
  });
  return {
    [Symbol.asyncDispose]: () => {
      stop();
      if (holderOf(storage, path)?.token === token) storage.remove(path);
      return Promise.resolve();
    },
  };
}

/** Removes the file of a dead holder; throws if the holder is alive. */
async function removeIfDead(
  { storage, path, name, clock }: { storage: Storage; path: string; name: string; clock: Clock },
  holder: Holder,
): Promise<void> {
  const { token, host, pid, beats } = holder;
  if (host !== hostname() || !hasExited(pid)) {
    for (let silentMs = 0; silentMs < HEARTBEAT_TIMEOUT_MS; silentMs += POLL_MS) {
      if (host === hostname() && pid === process.pid) throw new TransferInProgressError(name, pid, host);
      await clock.sleep(POLL_MS);
      const now = holderOf(storage, path);
      if (now === undefined) return;
      if (now.token !== token || now.beats !== beats) {
        throw new TransferInProgressError(name, now.pid, now.host);
      }
    }
  }
  // Only one process may remove it: a second one could remove the claim that a third has published in the
  // meantime.
  const right = `${path}.${token}`;
  if (!storage.publish(right, new Uint8Array(0), { durable: false })) {
    const modified = storage.stat(right)?.modified ?? Infinity;
    if (storage.now() - modified > HEARTBEAT_TIMEOUT_MS) storage.remove(right);
    return await clock.sleep(POLL_MS);
  }
  if (holderOf(storage, path)?.token === token) storage.remove(path);
  storage.remove(right);
}

/** What the file of a claim says; what no version has written in it stands for no process, and never changes. */
function holderOf(storage: Storage, path: string): Holder | undefined {
  const bytes = storage.readWhole(path, CLAIM_BYTES_MAX);
  if (bytes === undefined) return undefined;
  const { token, host, pid, beats } = documentOf(bytes);
  return {
    token: typeof token === "string" && TOKEN.test(token) ? token : "unreadable",
    host: String(host ?? ""),
    pid: wholeNumber(pid),
    beats: wholeNumber(beats),
  };
}

function documentOf(bytes: Uint8Array): Partial<Record<keyof Holder, unknown>> {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) ?? {};
  } catch {
    return {};
  }
}

function wholeNumber(value: unknown): number {
  return Number.isInteger(value) ? value as number : 0;
}

function bytesOf(holder: Holder): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(holder));
}
