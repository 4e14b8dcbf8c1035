// The folders of consumer names, as a table: what is encoded, and which folders of earlier versions are looked for.
import { assertEquals, assertThrows } from "@std/assert";
import { InvalidConsumerNameError } from "../../../mod.ts";
import { foldersOf, nameOfFolder } from "../../../src/drivers/files/consumer_names.ts";
import { test } from "../../harness.ts";

test("a name's folder has lower-case letters, digits and encoded bytes, and is not a device's", () => {
  const cases: Record<string, string> = {
    "reader-1_x.y": "reader-1_x.y",
    "Reader": "%52eader",
    "a b\tc": "a%20b%09c",
    "é": "%C3%A9",
    ".a": "%2Ea",
    "a.": "a%2E",
    ".": "%2E",
    "a~b": "a%7Eb",
    "100%": "100%25",
    "con": "%63on",
    "com1.txt": "%63om1.txt",
    "lpt9": "%6Cpt9",
    "cone": "cone",
    "com": "com",
    "xcon": "xcon",
  };
  for (const [name, folder] of Object.entries(cases)) {
    assertEquals(foldersOf(name)[0], { folder, isSpelledOut: true, isUnique: true, isFormer: false });
    assertEquals(nameOfFolder(folder), name);
  }
});

test("folders are looked for under the name's spelling, those of earlier versions, and a hash at the end", () => {
  const hash = /~[0-9a-f]{64}$/;
  const shown = (name: string): string[] =>
    foldersOf(name).map(({ folder, isSpelledOut, isFormer }) =>
      `${folder.replace(hash, "~hash")}${isSpelledOut ? " whole" : ""}${isFormer ? " former" : ""}`
    );
  assertEquals(shown("a"), ["a whole", "a~e8b7be43 former", "a~hash"]);
  assertEquals(shown("n165"), ["n165 whole", "n165~00bb85dd former", "n165~hash"]);
  assertEquals(shown("A b"), [
    "%41%20b whole",
    "A%20b whole former",
    "A%20b~b8211a33 former",
    "%41%20b~hash",
  ]);
  assertEquals(shown(".a!"), [
    "%2Ea%21 whole",
    "%2Ea%21~fd1df840 former",
    "%2Ea%21~hash",
  ]);
  const long = "x".repeat(200);
  assertEquals(shown(long)[0], `${long} whole`);
  const longer = "x".repeat(201);
  assertEquals(shown(longer), [`${"x".repeat(191)}~b317db35 former`, `${"x".repeat(100)}~hash`]);
  assertEquals(foldersOf(longer).map(({ folder }) => nameOfFolder(folder)), [undefined, undefined]);
});

test("a name that is not text cannot have a folder, and a folder that is not a name's has none", () => {
  assertThrows(() => foldersOf("\ud800"), InvalidConsumerNameError);
  for (const folder of ["%", "%E0", "a%2e", "%61", "x~y"]) {
    assertEquals(nameOfFolder(folder), undefined, folder);
  }
});
