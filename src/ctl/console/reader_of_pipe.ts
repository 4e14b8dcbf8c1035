import { fstatSync } from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";
import process from "node:process";

/** How often is looked whether the reader is there. */
const INTERVAL_MS = 500;

/** Whether a process has the reading end of a pipe; `unknown` where it may not be looked at. */
type Presence = "there" | "gone" | "unknown";

/** The reading end as a process has it: `/proc/PID/fd/N`. */
interface Holder {
  pid: string;
  descriptor: string;
}

/**
 * Calls `onGone` when the last reader of a pipe has left, which a program that writes nothing never learns: a
 * follower of a quiet topic would outlive the program it writes for. Known on Linux, of readers of the same user;
 * elsewhere, and of what is not a pipe, nothing is ever called. Resolves when the reader is known, to the function
 * that ends the watch: one that left before could not be distinguished from another user's.
 */
export async function watchReaderOfPipe(descriptor: number, onGone: () => void): Promise<() => void> {
  const pipe = pipeName(descriptor);
  let holder = pipe === undefined ? undefined : await findHolder(pipe);
  if (pipe === undefined || holder === undefined) return () => {};
  let ended = false;
  let missed = 0;
  let timer: ReturnType<typeof setTimeout>;
  const look = async (): Promise<void> => {
    const presence = await presenceOf(holder!, pipe);
    if (presence === "unknown") return;
    if (presence === "gone") {
      const next = await findHolder(pipe);
      // One process may hand it to another while all of them are looked at, one after the other: looked twice.
      missed = next === undefined ? missed + 1 : 0;
      holder = next ?? holder;
    }
    if (ended) return;
    if (missed >= 2) onGone();
    else wait();
  };
  const wait = (): void => {
    timer = setTimeout(() => void look().catch(() => {}), INTERVAL_MS);
    timer.unref?.();
  };
  wait();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

/** `pipe:[12345]`; undefined for what is not a pipe, and on systems that do not name theirs. */
function pipeName(descriptor: number): string | undefined {
  try {
    const stat = fstatSync(descriptor);
    return process.platform === "linux" && stat.isFIFO() ? `pipe:[${stat.ino}]` : undefined;
  } catch {
    return undefined;
  }
}

async function presenceOf({ pid, descriptor }: Holder, pipe: string): Promise<Presence> {
  try {
    return await readlink(`/proc/${pid}/fd/${descriptor}`) === pipe ? "there" : "gone";
  } catch (error) {
    // A process that became another user's.
    return (error as { code?: string }).code === "EACCES" ? "unknown" : "gone";
  }
}

async function findHolder(pipe: string): Promise<Holder | undefined> {
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const holder = { pid, descriptor };
      if (await presenceOf(holder, pipe) === "there" && await isReading(holder)) return holder;
    }
  }
  return undefined;
}

/** Whether it was opened for reading: the lowest two bits say that it was not. */
async function isReading({ pid, descriptor }: Holder): Promise<boolean> {
  const info = await readFile(`/proc/${pid}/fdinfo/${descriptor}`, "utf8").catch(() => "");
  const flags = /^flags:\s*([0-7]+)/m.exec(info)?.[1];
  return flags !== undefined && (parseInt(flags, 8) & 3) !== 1;
}
