import { assertStrictEquals } from "@std/assert";
import { core } from "../../src/log/format/core/core.ts";
import { test } from "../harness.ts";

test("hasControls() finds control characters anywhere in the range, and only there", () => {
  const allowed = [0x09, 0x0a, 0x0d, 0x20, 0x7f, 0x80, 0xff];
  for (const bytes of [0, 1, 15, 16, 17, 40]) {
    const ptr = core.slot + 3;
    core.u8.fill(0, ptr - 1, ptr + bytes + 1);
    for (let at = 0; at < bytes; at++) core.u8[ptr + at] = allowed[at % allowed.length];
    assertStrictEquals(core.hasControls(ptr, bytes), false, `${bytes} bytes`);
    for (let at = 0; at < bytes; at++) {
      const before = core.u8[ptr + at];
      for (const control of [0, 8, 0x0b, 0x0c, 0x0e, 0x1f]) {
        core.u8[ptr + at] = control;
        assertStrictEquals(core.hasControls(ptr, bytes), true, `byte ${at} of ${bytes}: ${control}`);
      }
      core.u8[ptr + at] = before;
    }
  }
});
