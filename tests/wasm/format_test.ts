import { assertStrictEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import * as format from "../../src/log/format/bytes.ts";
import { test } from "../harness.ts";

/**
 * Every number in src/log/format/bytes.ts under the name it must have in wasm/format.ts: a member's name is
 * that of its table and its own, and ends in _FIELD if there already is a plain constant of that name.
 */
function expectedNumbers(): Map<string, bigint> {
  const numbers = new Map<string, bigint>();
  for (const [name, value] of Object.entries(format)) {
    if (typeof value === "number") numbers.set(name, BigInt(value));
    else if (value instanceof Uint8Array) numbers.set(name, new DataView(value.buffer).getBigUint64(0, true));
    else if (typeof value === "object") {
      for (const [member, number] of Object.entries(value)) {
        const long = `${name}_${member.replace(/[A-Z]/g, "_$&").toUpperCase()}`;
        numbers.set(long in format ? `${long}_FIELD` : long, BigInt(number));
      }
    }
  }
  return numbers;
}

/** The constants of wasm/format.ts. */
function actualNumbers(): Map<string, bigint> {
  const source = readFileSync(new URL("../../wasm/format.ts", import.meta.url), "utf8");
  const lines = [...source.matchAll(/^export const (\w+): \w+ = (\w+);$/gm)];
  assertStrictEquals(lines.length, source.match(/^export/gm)?.length);
  return new Map(lines.map(([, name, value]) => [name, BigInt(value)]));
}

test("wasm/format.ts has the numbers of src/log/format/bytes.ts", () => {
  const expected = expectedNumbers();
  for (const [name, value] of actualNumbers()) assertStrictEquals(value, expected.get(name), name);
});
