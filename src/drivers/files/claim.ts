/**
 * The exclusive claim of one process on filling a topic: a file next to the topics that names the holder, which
 * increments a counter in it as a heartbeat. A killed holder is detected by its dead process or its missing
 * heartbeats.
 *
 * A process may be stopped between any two calls, and find that its claim was taken over when it continues. So its
 * heartbeat goes into the file that it made, never into another one's. Before it removes a claim, it moves it aside,
 * under a name that is never used again: if that is another process's claim by now, it stays there, and still counts.
 * A process that has made a claim looks for such moved ones, so that of two claims at the same time one gives way.
 *
 * @module
 */
import { hostname } from "node:os";
import { TransferInProgressError } from "../../errors.ts";
import type { GroupEnvironment } from "../../groups/mod.ts";
import { isMissing, openIfThere, randomHex, type Storage, type StorageFile } from "../../storage/port.ts";
import { machine } from "./machine.ts";
import { makeTree } from "./make_tree.ts";

const PREFIX = ".filling-";
/** Prefix of claims that were moved aside; the topic and a random number follow. */
const MOVED_PREFIX = ".moved-claim-";
const HEARTBEAT_MS = 1000;
/** A holder without a heartbeat for this long is dead. */
const HEARTBEAT_TIMEOUT_MS = 5000;
const POLL_MS = 100;
const CLAIM_BYTES_MAX = 4096;
/** Digits of the counter, which is written over in place. */
const BEATS_DIGITS = 12;

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

/**
 * Tokens of the claims that this thread holds. Whether another thread of this process is alive only its heartbeats
 * tell: it may have been terminated.
 */
const held = new Set<string>();

/** Acquires the claim, or throws `TransferInProgressError`, which names the holder. */
export async function claimTopic(
  storage: Storage,
  rootPath: string,
  name: string,
  environment: GroupEnvironment = machine,
): Promise<AsyncDisposable> {
  makeTree(storage, rootPath);
  const place: Place = { storage, rootPath, path: `${rootPath}/${PREFIX}${name}`, name, environment };
  const { file, own } = await makeClaim(place);
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
  const release = () => {
    stop();
    held.delete(own.token);
    file.close();
    removeClaim(place, own.token);
    removeMoved(place, own.token);
  };
  try {
    for (const moved of movedClaims(place)) {
      if (holderOf(storage, moved)?.token !== own.token) await removeIfDead(place, moved);
    }
  } catch (error) {
    release();
    throw error;
  }
  return { [Symbol.asyncDispose]: () => Promise.resolve(release()) };
}

/** Where a claim is, or would be. */
interface Place {
  storage: Storage;
  rootPath: string;
  path: string;
  name: string;
  environment: GroupEnvironment;
}

/** Makes a claim with its file; throws if another process that is alive has one. */
async function makeClaim(place: Place): Promise<{ file: StorageFile; own: Holder }> {
  const { storage, path, environment } = place;
  const { host, pid, started } = environment.self;
  for (;;) {
    const token = randomHex(storage, 2);
    const own: Holder = { token, host: hostname(), pid, machine: host, started, beats: 0 };
    if (storage.publish(path, bytesOf(own), { durable: false })) {
      const file = opened(storage, path, own);
      if (file !== undefined) {
        // Before anything else of this thread looks at the claim.
        held.add(token);
        return { file, own };
      }
      removeMoved(place, token);
    } else await removeIfDead(place, path);
  }
}

/** Opens the file of one's own claim; undefined if that was taken over before it was open. */
function opened(storage: Storage, path: string, { token }: Holder): StorageFile | undefined {
  const file = openIfThere(storage, path);
  if (file === undefined) return undefined;
  const bytes = new Uint8Array(CLAIM_BYTES_MAX);
  const { token: found } = documentOf(bytes.subarray(0, file.readAt(bytes, 0)));
  if (found === token) return file;
  file.close();
  return undefined;
}

/** Removes the claim with this token, if it is the one that is there. */
function removeClaim({ storage, rootPath, path, name }: Place, token: string): void {
  if (holderOf(storage, path)?.token !== token) return;
  const moved = `${rootPath}/${MOVED_PREFIX}${name}.${randomHex(storage, 2)}`;
  try {
    storage.rename(path, moved);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  // If this process was stopped after the first look, it may be another one.
  if (holderOf(storage, moved)?.token === token) storage.remove(moved);
}

/** The paths of claims on the topic that were moved aside. */
function movedClaims({ storage, rootPath, name }: Place): string[] {
  const prefix = `${MOVED_PREFIX}${name}.`;
  return storage.list(rootPath)
    .filter((each) => each.startsWith(prefix) && !each.includes(".", prefix.length))
    .map((each) => `${rootPath}/${each}`);
}

/** Removes the claim with this token if it was moved aside. */
function removeMoved(place: Place, token: string): void {
  for (const moved of movedClaims(place)) {
    if (holderOf(place.storage, moved)?.token === token) place.storage.remove(moved);
  }
}

/** Removes the claim in a file if its holder is dead; throws if the holder is alive. */
async function removeIfDead(place: Place, file: string): Promise<void> {
  const { storage, path, name, environment } = place;
  const holder = holderOf(storage, file);
  if (holder === undefined) return;
  const { token, machine, pid, started, beats } = holder;
  const { self } = environment;
  const isHere = machine !== "" && machine === self.host;
  const isThisProcess = isHere && pid === self.pid && started === self.started;
  if (isThisProcess && held.has(token)) throw inProgress(name, holder);
  if (!isHere || !environment.isGone(holder, true)) {
    for (let silentMs = 0; silentMs < HEARTBEAT_TIMEOUT_MS; silentMs += POLL_MS) {
      await environment.sleep(POLL_MS);
      const now = holderOf(storage, file);
      if (now === undefined) return;
      if (now.token !== token || now.beats !== beats) throw inProgress(name, now);
    }
  }
  if (file === path) removeClaim(place, token);
  else storage.remove(file);
}

function inProgress(name: string, { pid, host }: Holder): TransferInProgressError {
  return new TransferInProgressError(name, pid, host);
}

/** The content of a claim's file; one that no version of this library has written names no process, and never changes. */
function holderOf(storage: Storage, path: string): Holder | undefined {
  const bytes = storage.readWhole(path, CLAIM_BYTES_MAX);
  if (bytes === undefined) return undefined;
  const { token, host, pid, machine, started, beats } = documentOf(bytes);
  return {
    token: String(token ?? ""),
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
