import type { Meter } from "@opentelemetry/api";
import { diagnostics } from "../diagnostics.ts";
import { destination, errorType } from "./attributes.ts";

/** Records counts and durations until the returned function is called. */
export function measure(meter: Meter): () => void {
  const sent = meter.createCounter("messaging.client.sent.messages", {
    unit: "{message}",
    description: "Events stored, and events that could not be",
  });
  const consumed = meter.createCounter("messaging.client.consumed.messages", {
    unit: "{message}",
    description: "Events read",
  });
  const sentBytes = meter.createCounter("diaspora.sent.bytes", {
    unit: "By",
    description: "Metadata and data of the events stored",
  });
  const duration = meter.createHistogram("messaging.client.operation.duration", {
    unit: "s",
    description: "Time to store a batch, to flush, to store a position",
  });
  const assigned = meter.createUpDownCounter("diaspora.assigned.partitions", {
    unit: "{partition}",
    description: "Partitions that members of groups own now",
  });
  const rolls = meter.createCounter("diaspora.segments", {
    unit: "{segment}",
    description: "Segments begun",
  });
  const corruptions = meter.createCounter("diaspora.corruptions", {
    unit: "{corruption}",
    description: "Damage met by readers",
  });
  const rebalances = meter.createCounter("diaspora.rebalances", {
    unit: "{rebalance}",
    description: "Changes of the partitions that a consumer shares with others of its name",
  });
  const fetchLag = meter.createGauge("diaspora.fetch.lag", {
    unit: "{message}",
    description: "Ids that the broker has and the consumer has not fetched",
  });
  const retries = meter.createCounter("diaspora.retries", {
    unit: "{retry}",
    description: "Requests to brokers that failed and are retried",
  });
  const failure = (error: unknown) => error === undefined ? {} : { "error.type": errorType(error) };

  const stops = [
    diagnostics.push.subscribe(({ topic, partition, events, bytes, durationMs, error }) => {
      const attributes = { ...destination("send", topic, partition), ...failure(error) };
      sent.add(events, attributes);
      if (error === undefined) sentBytes.add(bytes, attributes);
      duration.record(durationMs / 1000, attributes);
    }),
    diagnostics.flush.subscribe(({ topic, durationMs, error }) =>
      duration.record(durationMs / 1000, { ...destination("flush", topic), ...failure(error) })
    ),
    diagnostics.pull.subscribe(({ topic, consumer, partition, events }) =>
      consumed.add(events, {
        ...destination("receive", topic, partition),
        "messaging.consumer.group.name": consumer,
      })
    ),
    diagnostics.acknowledge.subscribe(({ topic, consumer, partition, durationMs, error }) =>
      duration.record(durationMs / 1000, {
        ...destination("settle", topic, partition),
        "messaging.consumer.group.name": consumer,
        ...failure(error),
      })
    ),
    diagnostics.assignment.subscribe(({ topic, consumer, gained, lost }) => {
      const group = { "messaging.consumer.group.name": consumer };
      for (const partition of gained) {
        assigned.add(1, { ...destination("assign", topic, partition), ...group });
      }
      for (const partition of lost) {
        assigned.add(-1, { ...destination("assign", topic, partition), ...group });
      }
    }),
    diagnostics.roll.subscribe(({ topic, partition }) => rolls.add(1, destination("roll", topic, partition))),
    diagnostics.corruption.subscribe(({ topic, damage, skipped }) =>
      corruptions.add(1, { ...destination("receive", topic, damage.partition), "diaspora.skipped": skipped })
    ),
    diagnostics.assignment.subscribe(({ topic, consumer }) =>
      rebalances.add(1, { ...destination("receive", topic), "messaging.consumer.group.name": consumer })
    ),
    diagnostics.fetch.subscribe(({ topic, consumer, partition, behind }) =>
      fetchLag.record(behind, {
        ...destination("receive", topic, partition),
        "messaging.consumer.group.name": consumer,
      })
    ),
    diagnostics.retry.subscribe(({ topic, partition, error }) =>
      retries.add(1, { ...destination("retry", topic, partition), ...failure(error) })
    ),
  ];
  return () => stops.forEach((stop) => stop());
}
