// Each runtime reports system errors in its own way; their messages about an exceeded quota are below, word for
// word.
import { assert, assertEquals } from "@std/assert";
import { constants } from "node:os";
import process from "node:process";
import { errnoOf } from "../../src/storage/errno.ts";
import { storageError } from "../../src/storage/storage_error.ts";
import { test } from "../harness.ts";

const { EDQUOT, ENOLCK } = constants.errno;
const POSIX = { skip: process.platform === "win32" && "Windows has other numbers" } as const;

test("an error's name is derived from its code, its number or the number in its text", POSIX, () => {
  const cases: [unknown, string][] = [
    [
      Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", errno: -28 }),
      "ENOSPC",
    ],
    [
      Object.assign(new Error("UNKNOWN: unknown error, write"), { code: "UNKNOWN", errno: -EDQUOT }),
      "EDQUOT",
    ],
    [
      Object.assign(new Error("Unknown system error -122"), {
        code: "Unknown system error -122",
        errno: -EDQUOT,
      }),
      "EDQUOT",
    ],
    [
      Object.assign(new Error("fsync API is disabled when Permission Model is enabled."), {
        code: "ERR_ACCESS_DENIED",
        permission: "",
      }),
      "EACCES",
    ],
    [new Error(`Disk quota exceeded (os error ${EDQUOT})`), "EDQUOT"],
    [Object.assign(new Error("EDQUOT: unknown error, write"), { code: "EDQUOT", errno: -EDQUOT }), "EDQUOT"],
    [new Error(`No locks available (os error ${ENOLCK})`), "ENOLCK"],
    [Object.assign(new Error("not ours"), { code: "ERR_INVALID_ARG_TYPE" }), "EUNKNOWN"],
    [new Error("Memory page has a fault (os error 9999)"), "EUNKNOWN"],
    [new Error("something else"), "EUNKNOWN"],
    ["text", "EUNKNOWN"],
    [undefined, "EUNKNOWN"],
  ];
  for (const [error, name] of cases) assertEquals(errnoOf(error), name, String(error));
});

test("a used-up quota and a full disk are reported alike, and can be retried", POSIX, () => {
  for (const cause of [new Error(`Disk quota exceeded (os error ${EDQUOT})`), { code: "ENOSPC" }]) {
    const error = storageError("append to", "/f", cause);
    assert(error.canRetry);
    assert(error.message.endsWith(`; make room and try again (${error.errno})`), error.message);
  }
});

test("an unknown error keeps its own message", () => {
  const error = storageError("open", "/f", new Error("the moon is full"));
  assertEquals([error.errno, error.canRetry], ["EUNKNOWN", false]);
  assertEquals(error.message, 'Cannot open "/f": the moon is full (EUNKNOWN)');
});

test("errors that pass say what to do, in words of this library", () => {
  for (const code of ["EINTR", "EAGAIN", "ENOBUFS", "ENOMEM", "EBUSY", "EMFILE", "ENOSPC", "EDQUOT"]) {
    const cause = Object.assign(new Error(`${code}: what the runtime says`), { code });
    const { canRetry, message } = storageError("list", "/f", cause);
    assertEquals([canRetry, message.includes("the runtime says"), message.includes("; ")], [
      true,
      false,
      true,
    ], message);
  }
  assert(storageError("write", "/f", { code: "EROFS" }).message.includes("read-only; mount it for writing"));
});
