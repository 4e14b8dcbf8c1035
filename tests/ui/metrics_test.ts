import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parse } from "yaml";
import { StoreMetrics } from "../../src/ui/metrics.ts";
import { OpenTopics } from "../../src/ui/open_topics.ts";
import { test } from "../harness.ts";
import { pushMany, serve } from "./served.ts";

/** The values of an OpenMetrics text by name and labels; fails if the text is invalid. */
function valuesOf(text: string): Map<string, number> {
  assert(text.endsWith("\n# EOF\n"), text.slice(-100));
  const values = new Map<string, number>();
  let family = "";
  const families = new Set<string>();
  for (const line of text.slice(0, -"# EOF\n".length).trimEnd().split("\n")) {
    const type = /^# TYPE (\S+) (gauge|info)$/.exec(line);
    if (type !== null) {
      family = type[1];
      assert(!families.has(family), `${family} comes in two pieces`);
      families.add(family);
      continue;
    }
    if (line.startsWith(`# HELP ${family} `)) continue;
    const sample = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\n"])*",?)*\}) (-?[\d.e+]+)$/.exec(line);
    assert(sample !== null, `not a sample: ${line}`);
    assert(sample[1] === family || sample[1] === `${family}_info`, `${line} stands under ${family}`);
    values.set(`${sample[1]}${sample[2]}`, Number(sample[3]));
  }
  return values;
}

test("/metrics has events, bytes and ids of every partition, and the lag of every consumer", async () => {
  await serve(async ({ fetch, fill, driver }) => {
    await fill("t", { num_partitions: 2 }, (topic) => pushMany(topic, 100));
    await fill("empty", { num_partitions: 1 }, () => {});
    await using topic = await driver.openTopic("t");
    await topic.seekConsumer('a "name"\\', { id: 10 });
    const response = await fetch("metrics");
    assertEquals(response.status, 200);
    assertStringIncludes(
      response.headers.get("content-type")!,
      "application/openmetrics-text; version=1.0.0",
    );
    const values = valuesOf(await response.text());
    assertEquals(values.get('diaspora_topic_events{topic="t"}'), 100);
    assertEquals(values.get('diaspora_topic_next_id{topic="t"}'), 100);
    assertEquals(values.get('diaspora_topic_up{topic="empty"}'), 1);
    assertEquals(values.get('diaspora_topic_events{topic="empty"}'), 0);
    assertEquals(values.get('diaspora_build_info{version="1.2.3",driver="files"}'), 1);
    const described = await topic.describe();
    for (const { partition, nextId, bytes } of described) {
      const labels = `{topic="t",partition="${partition}"}`;
      assertEquals(values.get(`diaspora_partition_next_id${labels}`), nextId);
      assertEquals(values.get(`diaspora_partition_bytes${labels}`), bytes);
      const consumer = `{topic="t",consumer="a \\"name\\"\\\\",partition="${partition}"}`;
      assertEquals(values.get(`diaspora_consumer_lag_events${consumer}`), nextId - 10);
      assert(values.get(`diaspora_consumer_lag_seconds${consumer}`)! >= 0);
    }
  });
});

test("with too many positions for one response, the lag known longest is looked up next", async () => {
  await serve(async ({ fill, driver }) => {
    await fill("a", { num_partitions: 1 }, (topic) => topic.seekConsumer("one", { id: 0 }));
    await fill("b", { num_partitions: 1 }, async (topic) => {
      await pushMany(topic, 5);
      await topic.seekConsumer("two", { id: 1 });
    });
    await using topics = new OpenTopics(driver, 1000);
    const limits = { ageMsMax: -1, lagsMsMax: -1 };
    const metrics = new StoreMetrics({ driver, topics, version: "1", limits });
    const lags = async (): Promise<(number | undefined)[]> => {
      const values = valuesOf(await metrics.text());
      return [["a", "one"], ["b", "two"]].map(([topic, consumer]) =>
        values.get(`diaspora_consumer_lag_events{topic="${topic}",consumer="${consumer}",partition="0"}`)
      );
    };
    assertEquals(await lags(), [0, undefined]);
    assertEquals(await lags(), [0, 4]);
    await using topic = await driver.openTopic("b");
    await topic.deleteConsumer("two");
    assertEquals(await lags(), [0, undefined]);
  });
});

test("an unreadable topic is down, and the others are measured", async () => {
  await serve(async ({ fetch, fill, root }) => {
    await fill("good", { num_partitions: 1 }, (topic) => pushMany(topic, 3));
    mkdirSync(`${root}/bad/partitions`, { recursive: true });
    writeFileSync(`${root}/bad/topic.json`, "{");
    const values = valuesOf(await (await fetch("metrics")).text());
    assertEquals(values.get('diaspora_topic_up{topic="bad"}'), 0);
    assertEquals(values.get('diaspora_topic_events{topic="good"}'), 3);
  });
});

test("/metrics requires the token as the page does, in the header that Prometheus sends", async () => {
  const token = "a token of enough length";
  await serve(async ({ fetch }) => {
    const statusOf = async (headers: Record<string, string>): Promise<number> => {
      const response = await fetch("metrics", { headers });
      await response.text();
      return response.status;
    };
    const authorization = `Bearer ${token}`;
    assertEquals(await statusOf({}), 401);
    assertEquals(await statusOf({ authorization: "Bearer something else" }), 401);
    assertEquals(await statusOf({ authorization }), 200);
    assertEquals(await statusOf({ authorization, "sec-fetch-site": "cross-site" }), 403);
  }, { token });
});

test("the example configuration, the alerts and the dashboard use existing metrics", async () => {
  const read = (name: string): string =>
    readFileSync(new URL(`../../docs/monitoring/${name}`, import.meta.url), "utf8");
  const configuration = parse(read("prometheus.yml"));
  assertEquals(configuration.scrape_configs[0].static_configs[0].targets, ["localhost:8017"]);
  const [rules] = configuration.rule_files;
  const alerts = parse(read(rules)).groups.flatMap((group: { rules: { expr: string }[] }) => group.rules);
  const dashboard = JSON.parse(read("grafana_dashboard.json"));
  const targets = dashboard.panels.flatMap((panel: { targets: { expr: string }[] }) => panel.targets);
  const queries = dashboard.templating.list.map(({ query }: { query: string }) => ({ expr: query }));
  await serve(async ({ fetch, fill, driver }) => {
    await fill("t", { num_partitions: 1 }, (topic) => pushMany(topic, 3));
    await using topic = await driver.openTopic("t");
    await topic.seekConsumer("app", "latest");
    const known = [...valuesOf(await (await fetch("metrics")).text()).keys()].map((key) => key.split("{")[0]);
    const used = [...alerts, ...targets, ...queries].flatMap(({ expr }: { expr: string }) =>
      expr.match(/diaspora_\w+/g) ?? []
    );
    assert(used.length > 10);
    for (const name of used) assert(known.includes(name), `${name} is not measured`);
  });
});
