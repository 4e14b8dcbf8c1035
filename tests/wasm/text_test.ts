import { assertStrictEquals } from "@std/assert";
import { core } from "../../src/log/core.ts";
import { test } from "../harness.ts";

test("isAscii() sees a high bit wherever it is, and only inside the range", () => {
  for (const bytes of [0, 1, 15, 16, 17, 63, 64, 65, 130, 200]) {
    const ptr = core.slot + 3;
    core.u8.fill(0xff, ptr - 1, ptr + bytes + 1);
    core.u8.fill(0x7f, ptr, ptr + bytes);
    assertStrictEquals(core.isAscii(ptr, bytes), true, `${bytes} bytes`);
    for (let at = 0; at < bytes; at++) {
      core.u8[ptr + at] = 0x80;
      assertStrictEquals(core.isAscii(ptr, bytes), false, `byte ${at} of ${bytes}`);
      core.u8[ptr + at] = 0x7f;
    }
  }
});
