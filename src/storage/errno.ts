/**
 * The system's name of an error (`"ENOSPC"`), whichever runtime reports it. For errors that
 * it does not know, Deno puts only the number into the text, and Node says `UNKNOWN` and the number.
 *
 * @module
 */
import { constants } from "node:os";
import process from "node:process";
import { messageOf } from "../text/message.ts";

/** The name of errors without a known one. */
const UNKNOWN_ERRNO = "EUNKNOWN";

/** The numbers on BSD systems such as macOS; Deno's own list has those of Linux on every system. */
const BSD_NAMES: Readonly<Record<number, string>> = {
  11: "EDEADLK",
  35: "EAGAIN",
  62: "ELOOP",
  63: "ENAMETOOLONG",
  66: "ENOTEMPTY",
  69: "EDQUOT",
  70: "ESTALE",
  77: "ENOLCK",
};

/** The numbers on Windows, where a runtime passes them on as they are. */
const WINDOWS_NAMES: Readonly<Record<number, string>> = {
  5: "EACCES",
  32: "EBUSY",
  33: "EBUSY",
  39: "ENOSPC",
  112: "ENOSPC",
  206: "ENAMETOOLONG",
  1295: "EDQUOT",
};

/** Whether Deno, or Node under `--permission`, refused a call because the program lacks a permission for it. */
export function lacksPermission(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return error.name === "NotCapable" || (error as { code?: unknown }).code === "ERR_ACCESS_DENIED";
}

/** The name of an error that the system reported, `"EUNKNOWN"` for one that has none. */
export function errnoOf(error: unknown): string {
  if (lacksPermission(error)) return "EACCES";
  const { code, errno } = (error ?? {}) as { code?: unknown; errno?: unknown };
  if (typeof code === "string" && /^E[A-Z0-9]+$/.test(code)) return code;
  const number = typeof errno === "number" ? Math.abs(errno) : numberIn(error);
  return (number === undefined ? undefined : nameOf(number)) ?? UNKNOWN_ERRNO;
}

/** Deno's form: `Disk quota exceeded (os error 122)`. */
function numberIn(error: unknown): number | undefined {
  const match = /\(os error (\d+)\)/.exec(messageOf(error));
  return match === null ? undefined : Number(match[1]);
}

function nameOf(number: number): string | undefined {
  const { platform } = process;
  if (platform === "win32") return WINDOWS_NAMES[number];
  if (platform !== "linux" && platform !== "android" && BSD_NAMES[number] !== undefined) {
    return BSD_NAMES[number];
  }
  return NAMES.get(number);
}

/** Two names may have one number: the first is the one that errors carry. */
const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).reverse().map(([name, number]) => [number, name]),
);
