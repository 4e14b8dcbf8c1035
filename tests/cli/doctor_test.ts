import { assertEquals, assertMatch, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkLocking, cleanUp } from "../../src/ctl/doctor/folder.ts";
import { test } from "../harness.ts";
import { ctl, withFolder } from "./program.ts";

test("doctor checks a folder and leaves nothing in it, not even what a killed one left", async () => {
  await withFolder(async ({ root, driver }) => {
    mkdirSync(root);
    const left = join(root, ".diaspora-doctor-AbCdEf");
    mkdirSync(left);
    const before = Date.now() / 1000 - 7200;
    utimesSync(left, before, before);
    const { code, stdout, stderr } = await ctl(["doctor", "--json", ...driver]);
    assertEquals([code, stderr], [0, ""]);
    const findings = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    assertEquals(findings.map(({ check }) => check), [
      "writable",
      "free space",
      "file system",
      "append atomicity",
      "locking",
      "groups",
      "watching",
      "sync",
      "engine",
    ]);
    assertEquals(findings.filter(({ verdict }) => verdict === "fail"), []);
    assertEquals(readdirSync(root), []);
    assertStringIncludes((await ctl(["doctor", ...driver])).stdout, "append atomicity");
  });
});

test("doctor warns of a file system without hard links, and fails one that gives a name twice", async () => {
  await withFolder(({ root: folder }) => {
    const refused = (code: string) => () => {
      throw Object.assign(new Error(code), { code });
    };
    mkdirSync(folder);
    const verdictWith = (name: string, link: () => void) => {
      mkdirSync(join(folder, name));
      const { verdict, detail } = checkLocking(join(folder, name), link);
      return `${verdict}: ${detail.split(":")[0]}`;
    };
    assertStrictEquals(verdictWith("exfat", refused("EPERM")), "warn: there are no hard links");
    assertStrictEquals(verdictWith("twice", () => {}), "fail: a file can be created twice");
    assertStrictEquals(verdictWith("full", refused("ENOSPC")), "fail: a hard link cannot be made");
    return Promise.resolve();
  });
});

test("doctor reports an unusable folder with exit code 1", async () => {
  await withFolder(async ({ folder }) => {
    writeFileSync(join(folder, "file"), "");
    const { code, stdout } = await ctl([
      "doctor",
      "--driver",
      "files",
      "--driver.root_path",
      join(folder, "file"),
    ]);
    assertEquals(code, 1);
    assertStringIncludes(stdout, `fail    writable          Cannot write into "${join(folder, "file")}"`);
  });
});

test("doctor with an option that is wrong is wrong usage, not a finding", async () => {
  await withFolder(async ({ folder, driver }) => {
    for (
      const words of [
        [...driver, "--driver.locking", "1"],
        [...driver, "--load-modules", folder],
        ["--driver", "flies"],
      ]
    ) {
      const { code, stdout, stderr } = await ctl(["doctor", ...words]);
      assertEquals([code, stdout, stderr.trim().split("\n").length], [2, "", 1], stderr);
    }
  });
});

test("doctor fails a link that leads nowhere, in whose place no folder can be created", async () => {
  await withFolder(async ({ folder }) => {
    const link = join(folder, "link");
    symlinkSync(join(folder, "nowhere"), link);
    for (const store of [link, join(link, "store")]) {
      const { code, stdout } = await ctl(["doctor", "--store", store]);
      assertEquals(code, 1, stdout);
      assertMatch(stdout, /^fail +writable +Cannot write into ".*link"/);
    }
  });
});

test("doctor does not create a missing folder", async () => {
  await withFolder(async ({ root, driver }) => {
    const { stdout } = await ctl(["doctor", ...driver]);
    assertStringIncludes(stdout, "does not exist yet");
    assertEquals(existsSync(root), false);
  });
});

test("doctor names topics that cannot be opened", async () => {
  await withFolder(async ({ root, driver }) => {
    for (const name of ["sound", "t"]) await ctl(["topic", "create", name, ...driver]);
    writeFileSync(join(root, "t", "topic.json"), "{");
    const { code, stdout } = await ctl(["doctor", ...driver]);
    assertEquals([code, stdout.match(/^warn +topics /gm)?.length], [0, 1]);
    assertStringIncludes(
      stdout,
      `warn    topics            "t" cannot be opened: Cannot read "${root}/t/topic.json"`,
    );
  });
});

// The error took the place of the whole report.
test("doctor says so if it cannot remove its own folder", async () => {
  await withFolder(({ folder }) => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    const [{ check, verdict, detail }] = cleanUp(join(file, "x"));
    assertEquals([check, verdict], ["clean-up", "warn"]);
    assertStringIncludes(detail, `Cannot remove "${file}/x"`);
    assertEquals(cleanUp(file), []);
    assertEquals(existsSync(file), false);
    return Promise.resolve();
  });
});

test("doctor asks an engine that has no folder", async () => {
  const { code, stdout } = await ctl(["doctor", "--driver", "memory", "--json"]);
  assertEquals([code, JSON.parse(stdout).check], [0, "engine"]);
});
