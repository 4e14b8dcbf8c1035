import { assert, assertEquals, assertThrows } from "@std/assert";
import { InvalidMetadataError } from "../../mod.ts";
import { cppDouble, cppNumber } from "../../src/cpp_files/number_text.ts";
import { test } from "../harness.ts";

test("whole numbers of 64 bits keep their digits", () => {
  for (
    const text of ["0", "-1", "9007199254740993", "18446744073709551615", "-9223372036854775808", "1000000"]
  ) assertEquals(cppNumber(text), text);
  assertEquals(cppNumber("-0"), "0");
});

test("whole numbers beyond 64 bits become doubles", () => {
  assertEquals(cppNumber("18446744073709551616"), "1.8446744073709552e+19");
  assertEquals(cppNumber("-9223372036854775809"), "-9.223372036854776e+18");
  assertEquals(cppNumber("1" + "0".repeat(300)), "1e+300");
});

test("doubles have a point or an exponent, of at least two digits", () => {
  for (
    const [text, expected] of [
      ["3.0", "3.0"],
      ["1.50", "1.5"],
      ["1E5", "100000.0"],
      ["123456789012345.0", "123456789012345.0"],
      ["1e14", "100000000000000.0"],
      ["1e15", "1e+15"],
      ["1234567890123456.0", "1.234567890123456e+15"],
      ["1.5e20", "1.5e+20"],
      ["0.0001", "0.0001"],
      ["0.00012345", "0.00012345"],
      ["0.00001", "1e-05"],
      ["-1.25e-5", "-1.25e-05"],
      ["1e-300", "1e-300"],
      ["5e-324", "5e-324"],
      ["1.7976931348623157e308", "1.7976931348623157e+308"],
      ["-0.0", "-0.0"],
      ["0e7", "0.0"],
      ["1e-400", "0.0"],
      ["0.42857142857142855", "0.42857142857142855"],
    ]
  ) assertEquals(cppNumber(text), expected, text);
});

test("every double survives a round trip", () => {
  const bits = new DataView(new ArrayBuffer(8));
  let state = 20250807;
  for (let round = 0; round < 20_000; round++) {
    for (const at of [0, 4]) bits.setUint32(at, state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
    const value = bits.getFloat64(0);
    if (!Number.isFinite(value)) continue;
    const text = cppDouble(value);
    assert(Object.is(Number(text), value), text);
    assert(/^-?(?:\d{1,15}\.\d+|\d(?:\.\d+)?e[-+]\d{2,3})$/.test(text), text);
    assertEquals(cppNumber(text), text);
  }
});

test("a number that does not fit into a double is refused", () => {
  for (const text of ["1e400", "-1e400", "9".repeat(400)]) {
    assertThrows(() => cppNumber(text), InvalidMetadataError, "it does not fit into a double");
  }
});
