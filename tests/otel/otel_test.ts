// The OpenTelemetry adapter, observed with OpenTelemetry's own in-memory exporters.
import { type Attributes, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { assert, assertEquals } from "@std/assert";
import { BrokerError, CorruptedLogError, diagnostics, Driver } from "../../mod.ts";
import { instrument } from "../../src/otel/mod.ts";
import { reportDamage, ScriptedSource } from "../consumer/scripted_consumer.ts";
import { test } from "../harness.ts";

/** Produces six events in one topic, consumes and acknowledges them, and fails to push one. */
async function work(name: string): Promise<void> {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic(name, {});
  await using topic = await driver.openTopic(name);
  const producer = topic.producer("app");
  for (let n = 0; n < 6; n++) producer.push(n);
  await producer.flush();
  await using consumer = topic.consumer("reader");
  for await (const event of consumer.events({ until: "end" })) if (event.id === 5) await event.acknowledge();
  await driver.deleteTopic(name);
  await producer.push(7).catch(() => {});
}

test("every batch and flush gets a span with the messaging attributes", async () => {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const stop = instrument({ tracerProvider });
  await work("otel-spans");
  stop();
  await work("otel-spans");
  const spans = exporter.getFinishedSpans().filter(({ attributes }) =>
    attributes["messaging.destination.name"] === "otel-spans"
  );
  assertEquals(spans.map(({ name, kind }) => [name, kind]), [
    ["send otel-spans", SpanKind.PRODUCER],
    ["flush otel-spans", SpanKind.CLIENT],
    ["receive otel-spans", SpanKind.CONSUMER],
    ["settle otel-spans", SpanKind.CLIENT],
    ["send otel-spans", SpanKind.PRODUCER],
  ]);
  const [sent, , received, settled, failed] = spans;
  assertEquals(sent.attributes, {
    "messaging.system": "diaspora",
    "messaging.operation.name": "send",
    "messaging.destination.name": "otel-spans",
    "messaging.destination.partition.id": "0",
    "messaging.batch.message_count": 6,
    "messaging.message.body.size": 6,
    "messaging.diaspora.first_id": 0,
  });
  assertEquals(received.attributes["messaging.consumer.group.name"], "reader");
  assertEquals(settled.attributes["messaging.diaspora.next_id"], 6);
  assertEquals([sent.status.code, failed.status.code], [SpanStatusCode.UNSET, SpanStatusCode.ERROR]);
  assertEquals(failed.attributes["error.type"], "ERR_TOPIC_DELETED");
  assert(failed.status.message?.includes("it was deleted"));
  for (const { startTime, endTime } of spans) {
    assert(endTime[0] * 1e9 + endTime[1] >= startTime[0] * 1e9 + startTime[1]);
  }
  // The exporter uses a timer, and shutting down does not wait for it.
  await tracerProvider.forceFlush();
  await tracerProvider.shutdown();
});

test("events, bytes, durations and damage are counted", async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const stop = instrument({ meterProvider });
  await work("otel-metrics");
  const source = new ScriptedSource();
  await using _consumer = source.consumer({ onCorruption: "skip" });
  reportDamage(
    source,
    new CorruptedLogError({ partition: 0, firstId: 0, endId: 1, file: "f", offset: 0, reason: "torn" }),
  );
  stop();
  await reader.forceFlush();
  const points = (metric: string): { attributes: Attributes; value: unknown }[] =>
    exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics).flatMap(({ metrics }) => metrics)
      .filter(({ descriptor }) => descriptor.name === metric).flatMap(({ dataPoints }) => [...dataPoints]);
  const ofTopic = (metric: string) =>
    points(metric).filter(({ attributes }) => attributes["messaging.destination.name"] === "otel-metrics");

  assertEquals(
    ofTopic("messaging.client.sent.messages").map((
      { value, attributes },
    ) => [value, attributes["error.type"]]),
    [
      [6, undefined],
      [1, "ERR_TOPIC_DELETED"],
    ],
  );
  assertEquals(ofTopic("diaspora.sent.bytes").map(({ value }) => value), [6]);
  assertEquals(ofTopic("messaging.client.consumed.messages").map(({ value }) => value), [6]);
  const operations = ofTopic("messaging.client.operation.duration")
    .map(({ attributes }) => attributes["messaging.operation.name"]);
  assertEquals(operations, ["send", "flush", "settle", "send"]);
  const damaged = points("diaspora.corruptions").filter(({ attributes }) =>
    attributes["messaging.destination.name"] === "scripted" && attributes["diaspora.skipped"] === true
  );
  assertEquals(damaged.map(({ value }) => value), [1]);
  await meterProvider.shutdown();
});

test("broker activity is counted: rebalances, events not fetched, and retries", async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const stop = instrument({ meterProvider });
  const topic = "otel-brokers";
  diagnostics.assignment.publish({ topic, consumer: "c", partitions: [1], gained: [1], lost: [] });
  diagnostics.fetch.publish({ topic, consumer: "c", partition: 1, bytes: 10, behind: 70 });
  diagnostics.fetch.publish({ topic, consumer: "c", partition: 1, bytes: 10, behind: 7 });
  const error = Object.assign(new Error("away"), { code: "PLT_KFK_NETWORK" });
  diagnostics.retry.publish({ operation: "store", topic, partition: 1, attempt: 1, delayMs: 100, error });
  const leaderless = new BrokerError("a:1", "no leader", { reason: "LEADER_NOT_AVAILABLE" });
  diagnostics.retry.publish({ operation: "store", attempt: 1, delayMs: 1, error: leaderless });
  stop();
  diagnostics.assignment.publish({ topic, consumer: "c", partitions: [], gained: [], lost: [1] });
  await reader.forceFlush();
  const points = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap(({ metrics }) => metrics).flatMap(({ descriptor, dataPoints }) =>
      dataPoints.filter(({ attributes }) =>
        [topic, undefined].includes(attributes["messaging.destination.name"] as string | undefined)
      ).map(({ value, attributes }) => [descriptor.name, value, attributes["error.type"]])
    );
  assertEquals(points.sort(), [
    ["diaspora.assigned.partitions", 1, undefined],
    ["diaspora.fetch.lag", 7, undefined],
    ["diaspora.rebalances", 1, undefined],
    // One that is not about a topic has none, not an empty name; a broker's name for an error tells more than its code.
    ["diaspora.retries", 1, "LEADER_NOT_AVAILABLE"],
    ["diaspora.retries", 1, "PLT_KFK_NETWORK"],
  ]);
  await meterProvider.shutdown();
});

test("a span and a counter report partitions that move between members of a group", async () => {
  const spans = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const stop = instrument({ tracerProvider, meterProvider });
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("otel-group", { num_partitions: 2 });
  await using topic = await driver.openTopic("otel-group");
  const one = topic.consumer("workers", { group: true });
  await one.ready();
  await using two = topic.consumer("workers", { group: true });
  await two.ready();
  await one.close();
  stop();
  const last = spans.getFinishedSpans().filter(({ name }) => name === "assign otel-group").at(-1)!;
  assertEquals(last.attributes["messaging.diaspora.partitions"], [0, 1]);
  assertEquals(last.attributes["messaging.diaspora.gained"], [0]);
  await reader.forceFlush();
  const points = metrics.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics).flatMap(({ metrics }) =>
    metrics
  )
    .filter(({ descriptor }) => descriptor.name === "diaspora.assigned.partitions")
    .flatMap(({ dataPoints }) => dataPoints as { value: number }[]);
  assertEquals(points.map(({ value }) => value), [1, 1]);
  await meterProvider.shutdown();
});
