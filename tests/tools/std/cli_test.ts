// What both @std/cli and its stand-in must do; the configuration decides which of them is tested.
import { assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import { test } from "../../harness.ts";

/** The parsed values, without the type that differs between the two. */
function parse(args: string[], options: Parameters<typeof parseArgs>[1] = {}): unknown {
  return { ...parseArgs(args, options) };
}

test("parseArgs() puts positional arguments under _, numbers as numbers", () => {
  assertEquals(parse(["topic", "create", "12", "0x10", "-1e3x"].slice(0, 4)), {
    _: ["topic", "create", 12, 16],
  });
  assertEquals(parse(["12"], { string: "_" }), { _: ["12"] });
  assertEquals(parse([]), { _: [] });
});

test("parseArgs() takes a value after = or from the next argument", () => {
  assertEquals(parse(["--name=a", "--count", "3"]), { _: [], name: "a", count: 3 });
  assertEquals(parse(["--text=a=b"]), { _: [], text: "a=b" });
  assertEquals(parse(["--rate=1e3", "--small=.5", "--minus=-4"]), {
    _: [],
    rate: 1000,
    small: 0.5,
    minus: -4,
  });
});

test("parseArgs() reads an option without a value as true", () => {
  assertEquals(parse(["--verbose"]), { _: [], verbose: true });
  assertEquals(parse(["--verbose", "--name", "a"]), { _: [], verbose: true, name: "a" });
  assertEquals(parse(["--verbose", "true", "--quiet", "false"], { boolean: ["verbose", "quiet"] }), {
    _: [],
    verbose: true,
    quiet: false,
  });
});

test("parseArgs() makes a boolean option true or false, and false when it is missing", () => {
  assertEquals(parse(["--json", "file"], { boolean: ["json", "color"] }), {
    _: ["file"],
    json: true,
    color: false,
  });
  assertEquals(parse(["--json=false"], { boolean: "json" }), { _: [], json: false });
  assertEquals(parse(["--json=maybe"], { boolean: "json" }), { _: [], json: true });
});

test("parseArgs() leaves a string option as it was written", () => {
  assertEquals(parse(["--id", "007"], { string: ["id"] }), { _: [], id: "007" });
  assertEquals(parse(["--id"], { string: ["id"] }), { _: [], id: "" });
});

test("parseArgs() nests dotted keys", () => {
  assertEquals(parse(["--driver.root_path", "/data", "--driver.kafka.acks=all", "--driver.n", "2"]), {
    _: [],
    driver: { root_path: "/data", kafka: { acks: "all" }, n: 2 },
  });
  assertEquals(parse(["--a.b", "7"], { string: ["a.b"], default: { "a.c": 1 } }), {
    _: [],
    a: { b: "7", c: 1 },
  });
});

test("parseArgs() protects the prototypes of objects", () => {
  parse(["--__proto__.polluted", "yes", "--constructor.prototype.polluted", "yes"]);
  assertEquals(Reflect.get({}, "polluted"), undefined);
});

test("parseArgs() sets a negatable option to false by --no-NAME, and no other", () => {
  assertEquals(parse(["--no-color"], { negatable: ["color"] }), { _: [], color: false });
  assertEquals(parse(["--no-color", "--color"], { negatable: ["color"], boolean: ["color"] }), {
    _: [],
    color: true,
  });
  assertEquals(parse(["--no-color"]), { _: [], "no-color": true });
});

test("parseArgs() reads nothing after --", () => {
  assertEquals(parse(["a", "--", "--b", "-c"]), { _: ["a", "--b", "-c"] });
  assertEquals(parse(["--", "--no-b"]), { _: ["--no-b"] });
});

test("parseArgs() keeps the last of a repeated option, or all of a collected one", () => {
  assertEquals(parse(["--p", "1", "--p", "2"]), { _: [], p: 2 });
  assertEquals(parse(["--p", "1", "--p", "2"], { collect: ["p"] }), { _: [], p: [1, 2] });
  assertEquals(parse(["--p", "1"], { collect: ["p"], string: ["p"] }), { _: [], p: ["1"] });
  assertEquals(parse([], { collect: ["p"], string: ["p"] }), { _: [], p: [] });
});

test("parseArgs() sets all names of an option that has aliases", () => {
  assertEquals(parse(["-n", "x"], { alias: { name: "n" } }), { _: [], n: "x", name: "x" });
  assertEquals(parse(["--label", "x"], { alias: { name: ["n", "label"] } }), {
    _: [],
    n: "x",
    name: "x",
    label: "x",
  });
  assertEquals(parse(["-v", "x"], { alias: { verbose: "v" }, boolean: ["verbose"] }), {
    _: ["x"],
    v: true,
    verbose: true,
  });
});

test("parseArgs() reads combined short options, with a number or a value at the end", () => {
  assertEquals(parse(["-abc"]), { _: [], a: true, b: true, c: true });
  assertEquals(parse(["-ab", "x"]), { _: [], a: true, b: "x" });
  assertEquals(parse(["-n5"]), { _: [], n: 5 });
  assertEquals(parse(["-o=out"]), { _: [], o: "out" });
  assertEquals(parse(["-o", "-"]), { _: [], o: "-" });
});

test("parseArgs() gives an option that is missing its default", () => {
  assertEquals(parse(["--a", "1"], { default: { a: 5, b: "x", c: true } }), { _: [], a: 1, b: "x", c: true });
  assertEquals(parse([], { default: { on: true }, boolean: ["on"] }), { _: [], on: true });
});
