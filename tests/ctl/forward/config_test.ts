import { assertEquals, assertThrows } from "@std/assert";
import { parseForwardConfig } from "../../../src/ctl/forward/config.ts";
import { UsageError } from "../../../src/ctl/usage_error.ts";
import { test } from "../../harness.ts";

const DRIVERS = "drivers:\n  local: { type: files, options: { root_path: /data/local } }\n";

function fault(text: string): string {
  return assertThrows(() => parseForwardConfig(text, "f.yaml"), UsageError).message;
}

test("a file names drivers and policies", () => {
  const text = `${DRIVERS}  remote: { type: octopus, options: { kafka: { bootstrap.servers: "kafka:9092" } } }
forward:
  - from: local/source-topic
    to: remote/dest-topic
    data_selector: "./selectors.ts:highEnergy"     # optional
    data_allocator: "./selectors.ts:pooled"
`;
  const { drivers, policies } = parseForwardConfig(text, "f.yaml");
  assertEquals([...drivers], [
    ["local", { type: "files", options: { root_path: "/data/local" }, line: 2 }],
    ["remote", { type: "octopus", options: { kafka: { "bootstrap.servers": "kafka:9092" } }, line: 3 }],
  ]);
  assertEquals(policies, [{
    from: {
      driver: "local",
      topic: "source-topic",
      text: "local/source-topic",
      identity: policies[0]!.from.identity,
      line: 5,
    },
    to: {
      driver: "remote",
      topic: "dest-topic",
      text: "remote/dest-topic",
      identity: policies[0]!.to.identity,
      line: 6,
    },
    dataSelector: { reference: "./selectors.ts:highEnergy", line: 7 },
    dataAllocator: { reference: "./selectors.ts:pooled", line: 8 },
  }]);
});

test("malformed YAML names file and line", () => {
  assertEquals(fault("drivers:\n  local: {type: files\nforward: []\n").startsWith('"f.yaml" line '), true);
  assertEquals(fault("drivers:\n\ta: 1\n").startsWith('"f.yaml" line 2: '), true);
  assertEquals(fault(`${DRIVERS}  local: {}\nforward: []\n`).startsWith('"f.yaml" line 3: '), true);
});

test("missing and unknown keys are reported with their line", () => {
  assertEquals(fault(""), '"f.yaml" line 1: expected the keys "drivers" and "forward"');
  assertEquals(
    fault("forward: []\n"),
    '"f.yaml" line 1: "drivers" must name at least one driver, each with "type" and "options"',
  );
  assertEquals(
    fault(`${DRIVERS}forward: []\n`),
    '"f.yaml" line 3: "forward" must be a list of at least one "from" and "to"',
  );
  assertEquals(
    fault(`${DRIVERS}forwrd: []\n`),
    '"f.yaml" line 3: unknown key "forwrd": did you mean "forward"?',
  );
  assertEquals(
    fault(`${DRIVERS}forward:\n  - from: local/a\n    to: local/b\n    data_selectr: x\n`),
    '"f.yaml" line 6: unknown key "data_selectr": did you mean "data_selector"?',
  );
  assertEquals(
    fault(`${DRIVERS}forward:\n  - from: local/a\n    to: local/b\n    group: maybe\n`),
    '"f.yaml" line 6: "group" must be true or false',
  );
  assertEquals(fault(`${DRIVERS}forward:\n  - from: local/a\n`), '"f.yaml" line 4: the policy has no "to"');
  assertEquals(
    fault("drivers:\n  x:\n    options: {}\nforward:\n  - a\n"),
    '"f.yaml" line 3: driver "x" has no "type"',
  );
});

test("an endpoint without a driver or a topic is reported with its line", () => {
  assertEquals(
    fault(`${DRIVERS}forward:\n  - from: locl/a\n    to: local/b\n`),
    '"f.yaml" line 4: "from" names driver "locl", which is not among "drivers": did you mean local?',
  );
  assertEquals(
    fault(`${DRIVERS}forward:\n  - from: local/a\n    to: local\n`),
    '"f.yaml" line 5: "to" must be driver/topic, found "local"',
  );
});

test("a topic is not forwarded to itself, and nothing is forwarded twice", () => {
  assertEquals(
    fault(`${DRIVERS}forward:\n  - from: local/a\n    to: local/a\n`),
    '"f.yaml" line 4: "local/a" would be forwarded to itself',
  );
  const policy = "  - from: local/a\n    to: local/b\n";
  assertEquals(
    fault(`${DRIVERS}forward:\n${policy}${policy}`),
    '"f.yaml" line 6: "local/a->local/b" is listed twice',
  );
});

test("topics are not forwarded in a circle, which would fill the disk; a fork and a join are fine", () => {
  const policies = (...pairs: string[]) =>
    `${DRIVERS}forward:\n${
      pairs.map(([from, to]) => `  - from: local/${from}\n    to: local/${to}\n`).join("")
    }`;
  assertEquals(
    fault(policies("ab", "bc", "ca")),
    '"f.yaml" line 8: "local/c->local/a" closes a circle, in which events would be forwarded for ever',
  );
  assertEquals(parseForwardConfig(policies("ab", "ac", "bd", "cd"), "f.yaml").policies.length, 4);
});

test("a topic is the same under the name of every driver that has its store", () => {
  const drivers = "drivers:\n  a: { type: files, options: { root_path: /data/local } }\n" +
    "  b: { type: files, options: { root_path: /data/x/../local/ } }\n  c: { type: memory }\n  d: { type: memory }\n";
  const policy = (from: string, to: string) => `  - from: ${from}\n    to: ${to}\n`;
  assertEquals(
    fault(`${drivers}forward:\n${policy("a/t", "b/t")}`),
    '"f.yaml" line 7: "a/t" would be forwarded to itself, which is "b/t"',
  );
  assertEquals(
    fault(`${drivers}forward:\n${policy("a/t", "a/u")}${policy("b/u", "b/t")}`),
    '"f.yaml" line 9: "b/u->b/t" closes a circle, in which events would be forwarded for ever',
  );
  assertEquals(
    fault(`${drivers}forward:\n${policy("a/t", "c/t")}${policy("b/t", "c/t")}`),
    '"f.yaml" line 9: "b/t->c/t" is listed twice',
  );
  assertEquals(
    parseForwardConfig(`${drivers}forward:\n${policy("c/t", "d/t")}`, "f.yaml").policies.length,
    1,
  );
});

test("a policy may share its source with others like it", () => {
  const read = (line: string) =>
    parseForwardConfig(`${DRIVERS}forward:\n  - from: local/a\n    to: local/b\n${line}`, "f.yaml")
      .policies[0].group;
  assertEquals(["", "    group: true\n", "    group: false\n"].map(read), [undefined, true, undefined]);
});
