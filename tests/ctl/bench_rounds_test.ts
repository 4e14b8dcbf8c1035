import { assertEquals, assertMatch } from "@std/assert";
import { busyText, environment } from "../../src/ctl/bench/environment.ts";
import { medianOf, resultsDocument, spreadOf } from "../../src/ctl/bench/results.ts";
import type { Measured } from "../../src/ctl/bench/stopwatch.ts";
import { test } from "../harness.ts";

const measured = (seconds: number): Measured => ({
  events: 100,
  bytes: 0,
  seconds,
  cpuSeconds: 1,
  memoryBytes: 1,
  begunAt: 0,
  endedAt: seconds,
});

test("the median of several rounds counts, and the spread is shown", () => {
  const rounds = [2, 1, 4].map((seconds) => [{ what: "produce", measured: measured(seconds) }]);
  const [result] = medianOf(rounds);
  assertEquals([result.measured.seconds, result.rounds], [2, [50, 100, 25]]);
  assertEquals(spreadOf(result), 1.5);
  const [single] = medianOf(rounds.slice(0, 1));
  assertEquals([single.rounds, spreadOf(single)], [undefined, undefined]);
});

test("a busy machine is reported, and an idle one is not", () => {
  assertEquals(busyText(0.3, 4), undefined);
  assertMatch(busyText(6.5, 4)!, /6\.5 programs want its 4 processors/);
});

test("every key of bench --json is in snake_case, as in all JSON of the command", () => {
  const point = { value: 1, produce: measured(2), consume: measured(2) };
  const document = resultsDocument({
    environment: environment(),
    settings: {
      parts: ["produce"],
      driver: "memory",
      driverOptions: {},
      topicOptions: { "min.insync.replicas": 2 },
      events: 100,
      dataBytes: 0,
      metadataBytes: 100,
      dataInterest: 1,
      dataSelectivity: 1,
      processes: 1,
      rounds: 2,
      rate: 1000,
      duration: 3,
    },
    results: medianOf([2, 4].map((seconds) => [{ what: "produce", measured: measured(seconds) }])),
    latency: [1, 2],
    sweeps: { batchSize: [point], dataSize: [point] },
  });
  const keys: string[] = [];
  const { settings, results, sweeps } = JSON.parse(JSON.stringify(document), (key, value) => {
    keys.push(key);
    return value;
  });
  assertEquals(keys.filter((key) => !/^[a-z0-9_.]*$/.test(key)), []);
  assertEquals(settings.topic_options, { "min.insync.replicas": 2 });
  assertEquals([results[0].events_per_second, sweeps.data_size[0].consume.memory_bytes], [25, 1]);
});
