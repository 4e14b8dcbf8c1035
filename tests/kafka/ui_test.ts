// The web page of diaspora-ctl ui with a real broker: everything except files is shown, and nothing is left
// behind.
import { assert, assertEquals } from "@std/assert";
import { Driver } from "../../mod.ts";
import type {
  ConsumerView,
  EventsView,
  Page,
  Rates,
  Sample,
  StoreView,
  TopicLine,
} from "../../src/ui/contract.ts";
import { test } from "../harness.ts";
import { pushMany, serve } from "../ui/served.ts";
import { brokerMissing, Cluster } from "../../tools/kafka/broker.ts";

test(
  "kafka: the page shows topics, events, rates and lag, and makes no consumer",
  { skip: brokerMissing },
  async () => {
    await using cluster = await Cluster.start();
    await using driver = await Driver.open("kafka", { kafka: { "bootstrap.servers": cluster.servers } });
    await serve(async ({ get, fetch, fill }) => {
      const began = Date.now();
      await fill("t", { num_partitions: 2 }, async (topic) => {
        await pushMany(topic, 200);
        await topic.seekConsumer("reader", { id: 40 });
      });
      assertEquals((await get<StoreView>("api/store")).hasFiles, false);
      const [line] = (await get<Page<TopicLine>>("api/topics")).items;
      assertEquals([line.name, line.totals?.events], ["t", 200]);
      const page = await get<EventsView>("api/topics/t/events?partition=1&limit=20");
      assertEquals(page.events.map(({ id }) => id), Array.from({ length: 20 }, (_, at) => 80 + at));
      assertEquals((await get<EventsView>("api/topics/t/latest?limit=30")).events.length, 30);
      const rates = await get<Rates>(`api/topics/t/rates?from=${began}&to=${Date.now() + 1000}`);
      assert(rates.unavailable === true || rates.events.reduce((sum, count) => sum + count, 0) === 200);
      const [{ events, name }] = (await get<Page<ConsumerView>>("api/topics/t/consumers")).items;
      assertEquals([name, events], ["reader", 120]);
      const [sample] = await get<Sample[]>("api/topics/t/samples?since=0");
      assertEquals(sample.lag, { reader: 120 });
      const data = await fetch("api/topics/t/partitions/0/events/5/data");
      assertEquals(new Uint8Array(await data.arrayBuffer()), new Uint8Array(11).fill(10));
      await using topic = await driver.openTopic("t");
      assertEquals(await topic.consumers(), ["reader"]);
    }, { driver });
  },
);
