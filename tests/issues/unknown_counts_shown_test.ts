// Beside a partition of Kafka without a leader "consumer delete" said that no events were to come there, before it asked
// whether the position may go, and "topic describe" that there were none: no one knows how many there are.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { registerDriver } from "../../mod.ts";
import type { PartitionDescription, PartitionLag, TopicInterface } from "../../src/contract.ts";
import { main } from "../../src/ctl/main.ts";
import { MemoryDriver } from "../../src/drivers/memory/driver.ts";
import { hostWith } from "../ctl/host.ts";
import { test } from "../harness.ts";

const FAULT = "partition 0 has no leader";

/** A driver that knows where its consumers are, but not what is stored. */
class HalfKnowing extends MemoryDriver {
  override async openTopic(name: string): Promise<TopicInterface> {
    const described: PartitionDescription[] = [
      { partition: 0, firstId: 0, nextId: 0, bytes: 0, segments: 0, fault: FAULT },
    ];
    const lag: PartitionLag[] = [
      { partition: 0, position: 51, acknowledged: true, events: 0, bytes: 0, seconds: 0, fault: FAULT },
    ];
    return Object.assign(await super.openTopic(name), {
      describe: () => Promise.resolve(described),
      lag: () => Promise.resolve(lag),
      consumers: () => Promise.resolve(["reader"]),
    });
  }
}

registerDriver("half-knowing", (options) => Promise.resolve(new HalfKnowing(options)));

async function ctl(...words: string[]): Promise<{ code: number; out: string; error: string }> {
  const environment = { DIASPORA_DRIVER: "half-knowing", NO_COLOR: "1" };
  const { host, written } = hostWith(environment, new AbortController().signal);
  const code = await main([...words, "--driver.store", "unknown-counts"], host);
  return { code, ...written };
}

test("commands show events that no one can count as unknown, not as none", async () => {
  assertEquals((await ctl("topic", "create", "t")).code, 0);
  const described = await ctl("topic", "describe", "t");
  assertEquals([described.code, /^ *0 .*$/m.exec(described.out)?.[0].trim().split(/ +/)], [
    0,
    ["0", "?", "?", "?", "?", "?", "?", "?"],
  ]);
  assertStringIncludes(described.error, FAULT);
  const asked = await ctl("consumer", "delete", "t", "--name", "reader", "--dry-run");
  assertEquals(asked.code, 0);
  assertStringIncludes(asked.error, `at id 51 in partition 0, and what is to come is unknown: ${FAULT}`);
});
