// Search results as a file; and lists sorted by the content of topics.
import { assertEquals, assertLess, assertStringIncludes } from "@std/assert";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConsumerLine, SortedPage, TopicLine } from "../../src/ui/contract.ts";
import { test } from "../harness.ts";
import { pushMany, serve } from "./served.ts";

test("search results are saved as JSON Lines, and data parts as a tar file", async () => {
  await serve(async ({ fetch, fill }) => {
    await fill("t", { num_partitions: 2 }, (topic) => pushMany(topic, 3000));
    const lines = async (query: string): Promise<{ partition: number; id: number; data?: string }[]> => {
      const answer = await fetch(`api/topics/t/found?${query}`);
      assertEquals(answer.headers.get("content-disposition"), 'attachment; filename="t.jsonl"');
      return (await answer.text()).trim().split("\n").map((line) => JSON.parse(line));
    };
    assertEquals((await lines("")).length, 3000);
    const few = encodeURIComponent('{"n":[{"numeric":["<",40]}]}');
    const found = await lines(`as=data&filter=${few}`);
    assertEquals([found.length, found.filter(({ data }) => data !== undefined).length], [40, 4]);
    assertEquals((await lines("partition=1&from=1490")).map(({ id }) => id).slice(0, 2), [1490, 1491]);
    const tar = new Uint8Array(await (await fetch(`api/topics/t/found?as=tar&filter=${few}`)).arrayBuffer());
    // Four headers, each with less than a block of data, and the end marker.
    assertEquals(tar.length, (4 * 2 + 2) * 512);
    assertStringIncludes(new TextDecoder().decode(tar.subarray(0, 100)), "event-0-0.bin");
    assertEquals(tar[512], 0);
    for (const wrong of ["as=xml", "partition=2"]) {
      const answer = await fetch(`api/topics/t/found?${wrong}`);
      assertEquals(answer.ok, false);
      await answer.body?.cancel();
    }
  });
});

test("an event is left out of what is saved if the end of its large data is damaged", async () => {
  await serve(async ({ fetch, fill, root }) => {
    await fill("t", { num_partitions: 1 }, async (topic) => {
      await using producer = topic.producer();
      await producer.push({ n: 0 }, new Uint8Array(3_000_000).fill(7));
      await producer.push({ n: 1 }, new Uint8Array(3_000_000).fill(8));
    });
    const folder = join(root, "t/partitions/00000000");
    const path = join(folder, readdirSync(folder).find((name) => name.endsWith(".log"))!);
    const bytes = readFileSync(path);
    bytes[bytes.lastIndexOf(new Uint8Array(64).fill(7)) - 1000]! ^= 1;
    writeFileSync(path, bytes);
    for (const as of ["data", "tar"]) {
      const answer = await (await fetch(`api/topics/t/found?as=${as}`)).text();
      const names = answer.match(/event-0-\d+\.bin|"metadata":\{"n":\d+\}/g);
      assertEquals([as, names], [as, [as === "tar" ? "event-0-1.bin" : '"metadata":{"n":1}']]);
    }
  });
});

test("the server stops although a client does not read its download", async () => {
  let answer: Response | undefined;
  let closedMs = 0;
  await serve(async ({ fetch, fill }) => {
    await fill("t", { num_partitions: 1 }, async (topic) => {
      await using producer = topic.producer();
      for (let n = 0; n < 8; n++) await producer.push({ n }, new Uint8Array(8_000_000));
    });
    answer = await fetch("api/topics/t/found?as=data");
    closedMs = performance.now();
  });
  assertLess(performance.now() - closedMs, 8000);
  await answer?.body?.cancel().catch(() => {});
});

test("topics and consumers are sorted as requested", async () => {
  await serve(async ({ get, fill }) => {
    for (const [name, events] of [["a", 5], ["b", 50], ["c", 20]] as const) {
      await fill(name, { num_partitions: events }, async (topic) => {
        await pushMany(topic, events);
        if (name !== "b") await topic.seekConsumer(`of_${name}`, { id: 0 });
      });
    }
    // On a busy machine, the first answer does not cover all topics, and says so.
    const whole = async <Line>(path: string): Promise<SortedPage<Line>> => {
      for (;;) {
        const page = await get<SortedPage<Line>>(path);
        if (page.unseen === 0) return page;
      }
    };
    const names = async (sort: string): Promise<string> =>
      (await whole<TopicLine>(`api/topics?sort=${sort}`)).items.map(({ name }) => name).join("");
    assertEquals(
      await Promise.all(["", "-name", "events", "-events", "-partitions", "-lag", "nonsense"].map(names)),
      ["abc", "cba", "acb", "bca", "bca", "cab", "abc"],
    );
    const page = await whole<ConsumerLine>("api/consumers?search=of");
    assertEquals(
      [page.unseen, page.items.map(({ topic, name, events }) => [topic, name, events])],
      [0, [["c", "of_c", 20], ["a", "of_a", 5]]],
    );
  });
});
