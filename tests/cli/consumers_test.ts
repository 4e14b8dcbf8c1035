import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { test } from "../harness.ts";
import { FilesTopic } from "../../src/drivers/files/topic.ts";
import { ctl, withFolder } from "./program.ts";

test("consumer list, lag, seek and delete show and change the positions of consumers", async () => {
  await withFolder(async ({ driver }) => {
    await ctl(["topic", "create", "--name", "t", "--topic.num_partitions", "2", ...driver]);
    await ctl(["produce", "t", ...driver], { input: "0\n1\n2\n3\n" });
    const consumer = (...words: string[]) => ctl(["consumer", ...words, ...driver]);
    assertEquals((await consumer("list", "t")).stdout, "");
    await ctl(["consume", "t", "--name", "app", "--ack", "--partition", "0", "--max", "1", ...driver]);
    assertEquals((await consumer("list", "--name", "t")).stdout, "app\n");
    const [listed] = (await consumer("list", "t", "--json")).stdout.trimEnd().split("\n").map((line) =>
      JSON.parse(line)
    );
    assertEquals([listed.name, listed.events], ["app", 3]);

    const lag = async () => JSON.parse((await consumer("lag", "t", "--name", "app", "--json")).stdout);
    const before = await lag();
    assertEquals(before.events, 3);
    assertEquals(before.partitions.map((lag: { position: number }) => lag.position), [1, 0]);
    assertStringIncludes((await consumer("lag", "t")).stdout, "app");

    assertEquals((await consumer("seek", "t", "--name", "app", "--to", "latest", "--dry-run")).code, 0);
    assertEquals(await lag().then(({ events }) => events), 3);
    await consumer("seek", "t", "--name", "app", "--to", "latest");
    assertEquals((await lag()).events, 0);
    await consumer("seek", "t", "--name", "app", "--to", "-1", "--partition", "1");
    assertEquals((await lag()).partitions.map((lag: { events: number }) => lag.events), [0, 1]);
    await consumer("seek", "--topic", "t", "--consumer", "app", "--to", "earliest");
    assertEquals((await lag()).events, 4);
    const beyond = await consumer(
      "seek",
      "t",
      "--name",
      "app",
      "--to",
      "999",
      "--partition",
      "1",
      "--dry-run",
    );
    assertStringIncludes(beyond.stderr, "would be at the end, id 2, in partition 1: 2 events skipped");
    const missing = await consumer("seek", "t", "--name", "app", "--to", "earliest", "--partition", "7");
    assertEquals(missing.code, 2);

    assertEquals((await consumer("delete", "t", "--name", "app")).code, 2);
    assertEquals((await consumer("delete", "t", "--name", "app", "--dry-run")).code, 0);
    assertEquals((await consumer("delete", "t", "--name", "app", "--yes")).code, 0);
    assertEquals((await consumer("list", "t")).stdout, "");
    const again = await consumer("delete", "t", "--name", "app", "--yes");
    assert(again.code === 1 && again.stderr.includes("has no position"), again.stderr);
  });
});

// It moved partition by partition, so that one that was cut short had moved some of them.
test("consumer seek moves all partitions by one call", async () => {
  const { seekConsumer } = FilesTopic.prototype;
  const calls: unknown[] = [];
  FilesTopic.prototype.seekConsumer = function (name, to, partitions) {
    if (this.name === "sought") calls.push([to, partitions]);
    return seekConsumer.call(this, name, to, partitions);
  };
  try {
    await withFolder(async ({ driver }) => {
      await ctl(["topic", "create", "--name", "sought", "--topic.num_partitions", "3", ...driver]);
      await ctl(["produce", "sought", ...driver], { input: "0\n1\n2\n3\n" });
      for (const to of ["latest", "earliest", "2020-01-01T00:00:00Z"]) {
        const { code, stderr } = await ctl([
          "consumer",
          "seek",
          "sought",
          "--name",
          "app",
          "--to",
          to,
          ...driver,
        ]);
        assertEquals([code, stderr.match(/in partition/g)?.length], [0, 3], stderr);
      }
    });
  } finally {
    FilesTopic.prototype.seekConsumer = seekConsumer;
  }
  const all = [0, 1, 2];
  const time = Date.UTC(2020, 0, 1);
  assertEquals(JSON.parse(JSON.stringify(calls)), [["latest", all], ["earliest", all], [{ time }, all]]);
});

// It said that consumers would get 59,995 events again, when 43,615 of them were there.
test("consumer seek to an id that was removed says where the consumer is, and how many events come again", () =>
  withFolder(async ({ driver }) => {
    await ctl(["topic", "create", "t", "--topic.segment_bytes", "65536", ...driver]);
    for (let push = 0; push < 3; push++) {
      const input = `${JSON.stringify("x".repeat(1000))}\n`.repeat(100);
      await ctl(["produce", "t", ...driver], { input });
    }
    await ctl(["consumer", "seek", "t", "app", "--to", "latest", ...driver]);
    const trimmed = await ctl(["topic", "trim", "t", "--before-id", "290", "--yes", "--json", ...driver]);
    const { first_id: first } = JSON.parse(trimmed.stdout);
    assert(first > 5, trimmed.stdout);
    for (const sure of [["--dry-run"], []]) {
      const { stderr } = await ctl(["consumer", "seek", "t", "app", "--to", "5", ...sure, ...driver]);
      assertStringIncludes(
        stderr,
        `the first event, id ${first}, in partition 0: ${300 - first} events again`,
      );
    }
  }));
