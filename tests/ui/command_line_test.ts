import { assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { commandLine, optionWords, quoted, topicWords } from "../../page/command_line.ts";
import { storeWords } from "../../src/ctl/ui/store_words.ts";
import { test } from "../harness.ts";

const HARD = [
  "a b",
  "it's",
  "$HOME `id` !x",
  "tab\there",
  "line\nend",
  "\u202egnp.exe",
  "ü😀",
  "--all",
  "a\\b'\u0007",
];

test("bash reads every quoted word unchanged", () => {
  const { stdout } = spawnSync("bash", ["-c", `printf '%s\\0' ${HARD.map(quoted).join(" ")}`], {
    env: { LC_ALL: "C.UTF-8" },
  });
  assertEquals(stdout.toString().split("\0").slice(0, -1), HARD);
  assertEquals(
    commandLine(["consume", ...topicWords("-x"), ...optionWords("--name", "-y")]),
    "diaspora-ctl consume --topic=-x --name=-y",
  );
});

test("a store is described as on a command line, without secrets", () => {
  assertEquals(storeWords("files", { root_path: "/data" }), ["--store", "/data"]);
  assertEquals(storeWords("files", { root_path: "/data", use_file_locking: true }), [
    ...["--store", "/data", "--driver.use_file_locking", "true"],
  ]);
  const kafka = {
    "bootstrap.servers": "one:9092,two:9092",
    sasl: { username: "ann", password: "hush" },
    "client.id": "17",
    acks: "all",
  };
  assertEquals(storeWords("kafka", { kafka, namespace: "x", code: "hush" }, ["code"]), [
    ...["--driver", "kafka", "--driver.kafka.bootstrap.servers", '"one:9092,two:9092"'],
    ...["--driver.kafka.sasl.username", "ann", "--driver.kafka.client.id", '"17"'],
    ...["--driver.kafka.acks", "all", "--driver.namespace", "x"],
  ]);
});
