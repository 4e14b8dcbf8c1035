import { fstatSync } from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";
import process from "node:process";

/** How often to check for the reader. */
const INTERVAL_MS = 500;

/** Whether a process has the read end of a pipe open; `unknown` without permission to find out. */
type Presence = "there" | "gone" | "unknown";

/** The read end as open in a process: `/proc/PID/fd/N`. */
interface Holder {
  pid: string;
  descriptor: string;
}

/**
 * Calls `onGone` when the last reader of a pipe has gone, which a program that writes nothing would never notice:
 * a follower of a quiet topic would outlive its reader. It works on Linux for readers of the same user; in other
 * cases, and for anything but a pipe, `onGone` is never called. Resolves once the reader is known, with a function
 * that stops the watch: a reader that goes before looks like one of another user.
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
      // A process may pass it on to another while the processes are scanned one by one: scan twice.
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

/** `pipe:[12345]`; undefined if it is not a pipe, or the system does not name pipes. */
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
    // The process has changed its user.
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

/** Whether it is open for reading, according to the lowest two bits of its flags. */
async function isReading({ pid, descriptor }: Holder): Promise<boolean> {
  const info = await readFile(`/proc/${pid}/fdinfo/${descriptor}`, "utf8").catch(() => "");
  const flags = /^flags:\s*([0-7]+)/m.exec(info)?.[1];
  return flags !== undefined && (parseInt(flags, 8) & 3) !== 1;
}
