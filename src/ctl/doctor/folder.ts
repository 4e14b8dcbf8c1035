import { spawn } from "node:child_process";
import {
  closeSync,
  fdatasyncSync,
  type FSWatcher,
  linkSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  watch,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { formatBytes } from "../console/progress.ts";
import { type Finding, finding } from "./check.ts";
import { errnoOf } from "../../storage/errno.ts";
import { storageError } from "../../storage/storage_error.ts";
import { NO_LINKS } from "../../storage/system.ts";
import { counted } from "../../text/counted.ts";

const FREE_BYTES_MIN = 1e9;
const WATCH_MS_MAX = 2000;
const SYNCS = 20;
/** Linux's type numbers of network file systems; other systems use other numbers. */
const NETWORK: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB2"],
  [0x65735546, "FUSE"],
]);

const FOLDER_PREFIX = ".diaspora-doctor-";
/** A check takes a few seconds: an older folder was left by a process that was killed. */
const LEFTOVER_AGE_MS = 3_600_000;

const NO_OTHER_PROCESS: Omit<Finding, "check"> = { verdict: "unknown", detail: 'needs the command "dd"' };

/** Checks whether a folder is suitable for a store; leaves nothing in it. */
export async function checkFolder(rootPath: string): Promise<Finding[]> {
  const root = resolve(rootPath);
  const parent = nearestExisting(root);
  let folder: string | undefined;
  const findings = [
    await finding("writable", () => {
      removeLeftovers(parent);
      folder = makeFolder(join(parent, FOLDER_PREFIX));
      const detail = parent === root ? root : `${root} does not exist yet; "${parent}" is writable`;
      return { verdict: "ok", detail };
    }),
  ];
  if (folder === undefined) return findings;
  const place = folder;
  try {
    findings.push(await finding("free space", () => checkSpace(place)));
    findings.push(await finding("file system", () => checkFileSystem(place)));
    findings.push(await finding("append atomicity", () => checkAppends(place)));
    findings.push(await finding("locking", () => checkLocking(place)));
    findings.push(await finding("groups", () => checkGroups(place)));
    findings.push(await finding("watching", () => checkWatching(place)));
    findings.push(await finding("sync", () => checkSync(place)));
  } finally {
    findings.push(...cleanUp(place));
  }
  return findings;
}

/** Removes the folder of the checks; what they found is said although that fails. */
export function cleanUp(place: string): Finding[] {
  try {
    rmSync(place, { recursive: true, force: true });
    return [];
  } catch (cause) {
    const { message } = storageError("remove", place, cause);
    return [{ check: "clean-up", verdict: "warn", detail: `${message}; remove it, or try again in an hour` }];
  }
}

/** Removes the folders of checks that were killed, as far as that is possible. */
function removeLeftovers(parent: string): void {
  try {
    for (const name of readdirSync(parent)) {
      const path = join(parent, name);
      const isOld = name.startsWith(FOLDER_PREFIX) && Date.now() - statSync(path).mtimeMs > LEFTOVER_AGE_MS;
      if (isOld) rmSync(path, { recursive: true, force: true });
    }
  } catch {
    // The checks themselves say what is wrong with the folder.
  }
}

/** Makes a folder with a random ending. */
function makeFolder(prefix: string): string {
  try {
    return mkdtempSync(prefix);
  } catch (cause) {
    throw storageError("write into", dirname(prefix), cause);
  }
}

/** A link that leads nowhere exists, too: no folder can be created in its place. */
function nearestExisting(path: string): string {
  const exists = refusal(() => void lstatSync(path)) === undefined;
  return exists || path === dirname(path) ? path : nearestExisting(dirname(path));
}

function checkSpace(folder: string): Omit<Finding, "check"> {
  const { bavail, bsize } = statfsSync(folder);
  const free = Number(bavail) * Number(bsize);
  return { verdict: free < FREE_BYTES_MIN ? "warn" : "ok", detail: `${formatBytes(free)} are free` };
}

/** The kind of network file system that a folder is on, as far as the system tells. */
function networkOf(folder: string): string | undefined {
  return process.platform === "linux" ? NETWORK.get(Number(statfsSync(folder).type) >>> 0) : undefined;
}

function checkFileSystem(folder: string): Omit<Finding, "check"> {
  if (process.platform !== "linux") {
    return {
      verdict: "unknown",
      detail: "only Linux tells network file systems apart; keep a store on a local disk",
    };
  }
  const network = networkOf(folder);
  if (network === undefined) return { verdict: "ok", detail: "on this machine" };
  const remedy = network === "FUSE"
    ? `let one machine write, or set "use_file_locking" to true where each machine sees at once what the others ` +
      `wrote (mounted without caches of content and attributes)`
    : `set "use_file_locking" to true`;
  return {
    verdict: "warn",
    detail:
      `${network}: appends of several machines may overwrite each other; ${remedy}, and expect changes to be ` +
      `noticed by polling only`,
  };
}

/** Blocks appended by two processes at the same time must not be mixed. */
async function checkAppends(folder: string): Promise<Omit<Finding, "check">> {
  const path = join(folder, "appends");
  const blockBytes = 1 << 16;
  const blocks = 64;
  const done = await Promise.all(["a", "b"].map((letter) => {
    const block = new Uint8Array(blockBytes).fill(letter.charCodeAt(0));
    return appendByProcess(path, new Array(blocks).fill(block));
  }));
  if (done.includes(false)) return NO_OTHER_PROCESS;
  const bytes = readFileSync(path);
  if (bytes.length !== 2 * blocks * blockBytes) {
    return {
      verdict: "fail",
      detail: `appends were lost: ${bytes.length} of ${counted(2 * blocks * blockBytes, "byte")} are there`,
    };
  }
  let switches = 0;
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const first = bytes[at];
    if (bytes.subarray(at, at + blockBytes).some((byte) => byte !== first)) {
      return { verdict: "fail", detail: `an append at byte ${at} was torn: set "use_file_locking" to true` };
    }
    if (at > 0 && bytes[at - 1] !== first) switches++;
  }
  return {
    verdict: "ok",
    detail: `${2 * blocks} appends of 64 KiB by two processes are whole (${switches + 1} runs)`,
  };
}

/** A segment gets its name by a hard link or, on a file system without them, by exclusive creation. */
export function checkLocking(folder: string, link: typeof linkSync = linkSync): Omit<Finding, "check"> {
  const path = join(folder, "lock");
  const draft = join(folder, "lock-draft");
  writeFileSync(path, "", { flag: "wx" });
  writeFileSync(draft, "");
  const isTaken = refusal(() => closeSync(openSync(path, "wx"))) === "EEXIST";
  const taken = refusal(() => link(draft, path));
  const free = refusal(() => link(draft, join(folder, "lock-link")));
  if (isTaken && (NO_LINKS.has(taken) || NO_LINKS.has(free))) {
    return {
      verdict: "warn",
      detail:
        "there are no hard links: an extra file briefly reserves a name, which is safe unless a process is stopped " +
        "for more than ten seconds meanwhile",
    };
  }
  if (!isTaken || taken === undefined) {
    return { verdict: "fail", detail: "a file can be created twice: two processes could own one lock" };
  }
  const refused = taken === "EEXIST" ? free : taken;
  if (refused !== undefined) return { verdict: "fail", detail: `a hard link cannot be made: ${refused}` };
  return { verdict: "ok", detail: "exclusive creation and links work" };
}

/** The code of the error with which the system refuses to do something; `undefined`: it does it. */
function refusal(act: () => void): string | undefined {
  try {
    return void act();
  } catch (error) {
    return errnoOf(error);
  }
}

/** Group members read files that others replace, and rely on a consistent view. */
function checkGroups(folder: string): Omit<Finding, "check"> {
  const network = networkOf(folder);
  if (network !== undefined) {
    return {
      verdict: "warn",
      detail:
        `${network}: members of a group on several machines see each other's changes late, so that an event may ` +
        `be handled twice and an acknowledgement of a former owner count; share work on one machine, or by the driver "kafka"`,
    };
  }
  return { verdict: "ok", detail: "members of a group see at once who owns which partition" };
}

/** Whether the system reports at once that another process appended. */
export async function checkWatching(
  folder: string,
  watchFolder: (folder: string, changed: () => void) => FSWatcher = watch,
): Promise<Omit<Finding, "check">> {
  const path = join(folder, "watched");
  writeFileSync(path, "");
  let timer: ReturnType<typeof setTimeout> | undefined;
  let [stop, giveUp] = [(): void => {}, (): void => {}];
  const outcome = new Promise<"noticed" | "not noticed" | Error>((resolve) => {
    giveUp = () => resolve("not noticed");
    try {
      const watcher = watchFolder(folder, () => resolve("noticed"));
      watcher.on("error", resolve);
      stop = () => watcher.close();
    } catch (error) {
      resolve(error as Error);
    }
  });
  try {
    if (!await appendByProcess(path, [new Uint8Array(512)])) return NO_OTHER_PROCESS;
    timer = setTimeout(giveUp, WATCH_MS_MAX);
    const found = await outcome;
    if (found === "noticed") {
      return { verdict: "ok", detail: "changes by other processes are noticed at once" };
    }
    const detail = found === "not noticed"
      ? "changes by other processes are not noticed: consumers fall back on polling"
      : `${found.message}: consumers fall back on polling; end programs that watch files, or raise the system's ` +
        "limits (on Linux fs.inotify.max_user_instances and fs.inotify.max_user_watches)";
    return { verdict: "warn", detail };
  } finally {
    clearTimeout(timer);
    stop();
  }
}

function checkSync(folder: string): Omit<Finding, "check"> {
  const file = openSync(join(folder, "synced"), "w");
  try {
    const block = new Uint8Array(1024);
    const times = Array.from({ length: SYNCS }, () => {
      const started = performance.now();
      writeSync(file, block);
      fdatasyncSync(file);
      return performance.now() - started;
    }).sort((one, other) => one - other);
    const median = times[SYNCS / 2]!.toFixed(2);
    return { verdict: "ok", detail: `making 1 KiB durable takes ${median} ms (median of ${SYNCS})` };
  } finally {
    closeSync(file);
  }
}

/**
 * Lets another process append blocks of one size to a file, each by one write; false if that is impossible. It
 * does not use a shell: permission to start `dd` allows writing files, which the program may do anyway, and
 * nothing more.
 */
function appendByProcess(path: string, blocks: readonly Uint8Array[]): Promise<boolean> {
  const words = [`of=${path}`, `bs=${blocks[0]!.length}`, "iflag=fullblock"];
  words.push("oflag=append", "conv=notrunc", "status=none");
  return new Promise((resolve) => {
    const child = spawn("dd", words, {
      env: { PATH: "/usr/bin:/bin" },
      stdio: ["pipe", "ignore", "ignore"],
    });
    child.on("error", () => resolve(false));
    child.on("exit", (code) => resolve(code === 0));
    // If the process ended early, its exit code says so.
    child.stdin.on("error", () => {});
    for (const block of blocks) child.stdin.write(block);
    child.stdin.end();
  });
}
