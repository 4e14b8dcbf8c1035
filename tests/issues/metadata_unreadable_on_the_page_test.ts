// One event whose metadata could not be deserialized, as another program had stored it, made every request for events
// around it fail: the list showed none of them, a search found nothing, a download was cut off, and a live tail ended.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { registerSerializer } from "../../mod.ts";
import type { EventsView, LiveView } from "../../src/ui/contract.ts";
import { test } from "../harness.ts";
import { serve } from "../ui/served.ts";

registerSerializer("one-unreadable", () => ({
  serialize: (metadata) => new TextEncoder().encode(JSON.stringify(metadata)),
  deserialize: (bytes) => {
    const metadata = JSON.parse(new TextDecoder().decode(bytes));
    if (metadata.n === 1) throw new Error("not one of ours");
    return metadata;
  },
  config: () => ({ type: "one-unreadable" }),
}));

const WHY = JSON.stringify("Cannot parse metadata of partition 0 event 1: not one of ours");

test("the page shows why an event's metadata cannot be read, and the other events", () =>
  serve(async ({ driver, get, fetch }) => {
    await driver.createTopic("t", { num_partitions: 1 }, { serializer: { type: "one-unreadable" } });
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    const live = (await fetch("api/topics/t/live")).body!.pipeThrough(new TextDecoderStream()).getReader();
    await live.read();
    for (const n of [0, 1, 2]) producer.push({ n }, new Uint8Array([n]));
    await producer.flush();
    for (const path of ["events", "latest", "events?text=one", "latest?text=one"]) {
      const { events } = await get<EventsView>(`api/topics/t/${path}`);
      const shown = events.map(({ metadata }) => metadata).sort();
      assertEquals(shown, path.includes("text") ? [WHY] : [WHY, '{"n":0}', '{"n":2}'], path);
    }
    assertEquals(await (await fetch("api/topics/t/partitions/0/events/1")).text(), WHY);
    for (const as of ["jsonl", "data"]) {
      const lines = (await (await fetch(`api/topics/t/found?as=${as}`)).text()).trim().split("\n");
      assertEquals(lines.map((line) => JSON.parse(line).metadata), [{ n: 0 }, { n: 2 }], as);
    }
    const archive = await (await fetch("api/topics/t/found?as=tar")).text();
    for (const id of [0, 1, 2]) assertStringIncludes(archive, `event-0-${id}.bin`);
    let seen: string[] = [];
    for (let text = ""; seen.length < 3;) {
      text += (await live.read()).value;
      assert(!text.includes("event: fault"), text);
      const views = [...text.matchAll(/^data: (.*)\n\n/gm)].map(([, view]) => JSON.parse(view!) as LiveView);
      seen = views.flatMap(({ events }) => events).map(({ metadata }) => metadata);
    }
    assertEquals(seen, ['{"n":0}', WHY, '{"n":2}']);
    await live.cancel();
  }));
