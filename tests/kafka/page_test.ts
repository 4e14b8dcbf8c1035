// After its first step, the page about Kafka exported DIASPORA_DRIVER=kafka, so its fourth step asked the wrong
// store for the lag. Its commands are run exactly as printed, one after the other, in one shell, and the first one
// starts the broker. Two ways to start it are not run: Docker, which would download an image, and the scripts of
// Kafka's archive, which the jars from Maven do not include. These lines must name the version that is tested.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Driver } from "../../mod.ts";
import { programScript, run, start, until, withFolder } from "../cli/program.ts";
import { test } from "../harness.ts";
import { brokerMissing } from "../../tools/kafka/broker.ts";
import { KAFKA_VERSION } from "../../tools/kafka/distribution.ts";
import { freePorts } from "../../tools/kafka/ports.ts";

const skip = brokerMissing;
const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(join(root, "docs/kafka.md"), "utf8");

/** The code block that contains a line, without the indentation of a list. */
function block(having: string): string {
  const found = page.split("```").filter((_, index) => index % 2 === 1).find((text) => text.includes(having));
  assert(found !== undefined, `no block has ${having}`);
  return found.split("\n").slice(1).map((line) => line.replace(/^ {3}/, "")).join("\n");
}

/** The words of the command that starts a broker; npm itself would keep a signal from them. */
function startWords(): string[] {
  const line = block("npm run kafka").split("\n")[0].replace(/ +#.*$/, "");
  const [npm, word, name, ...none] = line.split(" ");
  assertEquals([npm, word, none], ["npm", "run", []]);
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return scripts[name].split(" ");
}

test("kafka: the commands of the page that start a broker otherwise are about the version that is tested", {
  skip,
}, () => {
  const starts = [...page.matchAll(/apache\/kafka:([\d.]+)|kafka_2\.13-([\d.]+\d)/g)];
  assertEquals(starts.length, 3);
  if (process.env.DIASPORA_TEST_KAFKA !== undefined) return;
  for (const [text, image, archive] of starts) assertEquals(image ?? archive, KAFKA_VERSION, text);
});

test(
  "kafka: the commands of the page work in one shell, one after the other",
  { skip, limitMs: 240_000 },
  async () => {
    await withFolder(async ({ folder }) => {
      const streams = join(folder, "streams");
      const [port] = await freePorts(1);
      await using files = await Driver.open("files", { root_path: streams });
      await files.createTopic("readings", { num_partitions: 3 });
      await using topic = await files.openTopic("readings");
      await using producer = topic.producer();
      for (let n = 0; n < 30; n++) producer.push({ old: n });
      await producer.flush();
      const here = (text: string): string =>
        text.replaceAll("localhost:9092", `127.0.0.1:${port}`).replaceAll("/data/streams", streams);
      writeFileSync(join(folder, "forward.yaml"), here(block("forward:\n")));
      const [forward, ...lag] = here(block("diaspora-ctl forward")).split("\n");
      const asked = lag.join("\n").trim();
      const broker = start([...startWords(), "--port", String(port)]);
      await until("the broker listens", () => broker.stdout().includes("listens on"), 150_000);
      const script = `${here(block("export DIASPORA_DRIVER=kafka"))}
cd '${folder}'
${forward}
trap 'kill $!' EXIT
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  sleep 1
  ${asked} --json > lag.txt && ! grep -q '"events":[1-9]' lag.txt && break
done
cat lag.txt
diaspora-ctl consume readings --name all --until end
`;
      const path = `${dirname(programScript(folder))}:${process.env.PATH}`;
      const { code, stdout, stderr } = await run(["sh", "-e", "-c", script], { environment: { PATH: path } });
      broker.signal("SIGINT");
      assertEquals((await broker.ended).code, 0);
      assertEquals(code, 0, stderr);
      assertStringIncludes(stdout, '"energy": 42');
      assertEquals([...stdout.matchAll(/"events":0/g)].length > 0, true, stdout);
      assertEquals(new Set([...stdout.matchAll(/"old": ?(\d+)/g)].map(([, n]) => n)).size, 30, stdout);
    });
  },
);
