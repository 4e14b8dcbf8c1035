// After its first step, the page about Kafka exported DIASPORA_DRIVER=kafka, so its fourth step asked the wrong
// store for the lag. Its commands are run exactly as printed, one after the other, in one shell.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Driver } from "../../mod.ts";
import { programScript, run, withFolder } from "../cli/program.ts";
import { test } from "../harness.ts";
import { brokerMissing, Cluster } from "../../tools/kafka/broker.ts";

const skip = brokerMissing;
const cluster = skip === false ? await Cluster.start() : undefined;
const page = readFileSync(new URL("../../docs/kafka.md", import.meta.url), "utf8");

/** The code block that contains a line, without the indentation of a list. */
function block(having: string): string {
  const found = page.split("```").filter((_, index) => index % 2 === 1).find((text) => text.includes(having));
  assert(found !== undefined, `no block has ${having}`);
  return found.split("\n").slice(1).map((line) => line.replace(/^ {3}/, "")).join("\n");
}

test("kafka: the commands of the page work in one shell, one after the other", { skip }, async () => {
  await withFolder(async ({ folder }) => {
    const root = join(folder, "streams");
    await using files = await Driver.open("files", { root_path: root });
    await files.createTopic("readings", { num_partitions: 3 });
    await using topic = await files.openTopic("readings");
    await using producer = topic.producer();
    for (let n = 0; n < 30; n++) producer.push({ old: n });
    await producer.flush();
    const here = (text: string): string =>
      text.replaceAll("localhost:9092", cluster!.servers).replaceAll("/data/streams", root);
    writeFileSync(join(folder, "forward.yaml"), here(block("forward:\n")));
    const [forward, ...lag] = here(block("diaspora-ctl forward")).split("\n");
    const asked = lag.join("\n").trim();
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
    const path = `${dirname(programScript(folder))}:/usr/bin:/bin`;
    const { code, stdout, stderr } = await run(["sh", "-e", "-c", script], { environment: { PATH: path } });
    assertEquals(code, 0, stderr);
    assertStringIncludes(stdout, '"energy": 42');
    assertEquals([...stdout.matchAll(/"events":0/g)].length > 0, true, stdout);
    assertEquals(new Set([...stdout.matchAll(/"old": ?(\d+)/g)].map(([, n]) => n)).size, 30, stdout);
  });
});
