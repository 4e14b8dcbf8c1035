/**
 * The exclusive claim of one process on filling a topic: a file next to the topics that names the holder, which
 * increments a counter in it as a heartbeat. A killed holder is detected by its dead process or its missing
 * heartbeats.
 *
 * A process may be stopped between any two calls, and find that its claim was taken over when it continues. So it
 * counts in the file that it made, which is not the other one's, and removes no claim without a look at what it removed.
 *
 * @module
 */
import { hostname } from "node:os";
import { TransferInProgressError } from "../../errors.ts";
import type { GroupEnvironment } from "../../log/mod.ts";
import { isMissing, randomHex, type Storage, type StorageFile } from "../../storage/port.ts";
import { machine } from "./machine.ts";
import { makeTree } from "./make_tree.ts";

const PREFIX = ".filling-";
const HEARTBEAT_MS = 1000;
/** A holder without a heartbeat for this long is dead. */
const HEARTBEAT_TIMEOUT_MS = 5000;
const POLL_MS = 100;
const CLAIM_BYTES_MAX = 4096;
/** Digits of the counter, which is written over in place. */
const BEATS_DIGITS = 12;
/** A token is part of a path: another one, which only another program writes, could lead out of the store. */
const TOKEN = /^[0-9a-z]{1,64}$/;

/** The content of the file. */
interface Holder {
  token: string;
  /** For messages: two containers may have the same name, and each of them a process 1. */
  host: string;
  pid: number;
  /** Where the pid means the same process, as in a group's roster; earlier versions left this and `started` out. */
  machine: string;
  started: string | undefined;
  beats: number;
}

/** Acquires the claim, or throws `TransferInProgressError`, which names the holder. */
export async function claimTopic(
  storage: Storage,
  rootPath: string,
  name: string,
  environment: GroupEnvironment = machine,
): Promise<AsyncDisposable> {
  makeTree(storage, rootPath);
  const path = `${rootPath}/${PREFIX}${name}`;
  const token = randomHex(storage, 2);
  const { host, pid, started } = environment.self;
  const own: Holder = { token, host: hostname(), pid, machine: host, started, beats: 0 };
  const file = await ownFile({ storage, path, name, environment }, own);
  const stop = environment.every(HEARTBEAT_MS, () => {
    try {
      if (file.size() < 0) return stop();
      own.beats++;
      const bytes = bytesOf(own);
      const start = bytes.byteLength - BEATS_DIGITS - 1;
      file.writeAt(bytes.subarray(start), start);
    } catch {
      // The next heartbeat tries again; without competitors nothing is lost.
    }
  });
  return {
    [Symbol.asyncDispose]: () => {
      stop();
      file.close();
      removeClaim(storage, path, token);
      return Promise.resolve();
    },
  };
}

/** Where a claim is, or would be. */
interface Place {
  storage: Storage;
  path: string;
  /** The name of the topic. */
  name: string;
  environment: GroupEnvironment;
}

/** Makes the file of a claim; throws if another process that is alive has one. */
async function ownFile(place: Place, own: Holder): Promise<StorageFile> {
  const { storage, path } = place;
  for (;;) {
    if (storage.publish(path, bytesOf(own), { durable: false })) {
      const file = opened(storage, path, own);
      if (file !== undefined) return file;
    } else {
      const holder = holderOf(storage, path);
      if (holder !== undefined) await removeIfDead(place, holder);
    }
  }
}

/** Opens the file of one's own claim; undefined if that was taken over before it was open. */
function opened(storage: Storage, path: string, { token }: Holder): StorageFile | undefined {
  let file: StorageFile;
  try {
    file = storage.open(path, "update");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const bytes = new Uint8Array(CLAIM_BYTES_MAX);
  const { token: found } = documentOf(bytes.subarray(0, file.readAt(bytes, 0)));
  if (found === token) return file;
  file.close();
  return undefined;
}

/** Removes a claim, if it is the one with this token. */
function removeClaim(storage: Storage, path: string, token: string): void {
  if (holderOf(storage, path)?.token !== token) return;
  // Moved aside before it is removed: after a stop since that look it may be another one, which then gets its name back.
  const aside = `${path}.${token}.removed`;
  try {
    storage.rename(path, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  if (holderOf(storage, aside)?.token === token) storage.remove(aside);
  else storage.rename(aside, path);
}

/** Removes the file of a dead holder; throws if the holder is alive. */
async function removeIfDead({ storage, path, name, environment }: Place, holder: Holder): Promise<void> {
  const { token, machine, pid, started, beats } = holder;
  const { self } = environment;
  const isHere = machine !== "" && machine === self.host;
  if (isHere && pid === self.pid && started === self.started) throw inProgress(name, holder);
  if (!isHere || !environment.isGone(holder, true)) {
    for (let silentMs = 0; silentMs < HEARTBEAT_TIMEOUT_MS; silentMs += POLL_MS) {
      await environment.sleep(POLL_MS);
      const now = holderOf(storage, path);
      if (now === undefined) return;
      if (now.token !== token || now.beats !== beats) throw inProgress(name, now);
    }
  }
  // Only one process may remove it: a second one could remove the claim that a third has published in the
  // meantime.
  const right = `${path}.${token}`;
  if (!storage.publish(right, new Uint8Array(0), { durable: false })) {
    const modified = storage.stat(right)?.modified ?? Infinity;
    if (storage.now() - modified > HEARTBEAT_TIMEOUT_MS) storage.remove(right);
    return await environment.sleep(POLL_MS);
  }
  removeClaim(storage, path, token);
  storage.remove(right);
}

function inProgress(name: string, { pid, host }: Holder): TransferInProgressError {
  return new TransferInProgressError(name, pid, host);
}

/** What the file of a claim says; what no version has written in it stands for no process, and never changes. */
function holderOf(storage: Storage, path: string): Holder | undefined {
  const bytes = storage.readWhole(path, CLAIM_BYTES_MAX);
  if (bytes === undefined) return undefined;
  const { token, host, pid, machine, started, beats } = documentOf(bytes);
  return {
    token: typeof token === "string" && TOKEN.test(token) ? token : "unreadable",
    host: String(host ?? ""),
    pid: wholeNumber(pid),
    machine: String(machine ?? ""),
    started: typeof started === "string" ? started : undefined,
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

/** The counter comes last, with spaces before it, so that it always has the same place. */
function bytesOf({ beats, ...identity }: Holder): Uint8Array {
  const known = JSON.stringify(identity).slice(0, -1);
  return new TextEncoder().encode(`${known},"beats":${String(beats).padStart(BEATS_DIGITS)}}`);
}
