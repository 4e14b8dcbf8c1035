import {
  type Attributes,
  SpanKind,
  type SpanKind as Kind,
  SpanStatusCode,
  type Tracer,
} from "@opentelemetry/api";
import { diagnostics } from "../diagnostics.ts";
import { destination, errorType } from "./attributes.ts";
import { messageOf } from "../text/message.ts";

/** One completed operation. */
interface Operation {
  name: string;
  kind: Kind;
  durationMs: number;
  attributes: Attributes;
  error?: unknown;
}

/** Creates a span for each operation until the returned function is called. */
export function record(tracer: Tracer): () => void {
  const span = ({ name, kind, durationMs, attributes, error }: Operation): void => {
    const endMs = Date.now();
    const made = tracer.startSpan(name, { kind, startTime: timeOf(endMs - durationMs), attributes });
    if (error !== undefined) {
      made.setAttribute("error.type", errorType(error));
      made.setStatus({
        code: SpanStatusCode.ERROR,
        message: messageOf(error),
      });
    }
    made.end(timeOf(endMs));
  };
  const stops = [
    diagnostics.push.subscribe(({ topic, partition, events, bytes, firstId, durationMs, error }) =>
      span({
        name: `send ${topic}`,
        kind: SpanKind.PRODUCER,
        durationMs,
        error,
        attributes: {
          ...destination("send", topic, partition),
          "messaging.batch.message_count": events,
          "messaging.message.body.size": bytes,
          ...(firstId === undefined ? {} : { "messaging.diaspora.first_id": firstId }),
        },
      })
    ),
    diagnostics.flush.subscribe(({ topic, durationMs, error }) =>
      span({
        name: `flush ${topic}`,
        kind: SpanKind.CLIENT,
        durationMs,
        error,
        attributes: destination("flush", topic),
      })
    ),
    diagnostics.pull.subscribe(({ topic, consumer, partition, events, firstId }) =>
      span({
        name: `receive ${topic}`,
        kind: SpanKind.CONSUMER,
        durationMs: 0,
        attributes: {
          ...destination("receive", topic, partition),
          "messaging.consumer.group.name": consumer,
          "messaging.batch.message_count": events,
          "messaging.diaspora.first_id": firstId,
        },
      })
    ),
    diagnostics.assignment.subscribe(({ topic, consumer, partitions, gained, lost }) =>
      span({
        name: `assign ${topic}`,
        kind: SpanKind.INTERNAL,
        durationMs: 0,
        attributes: {
          ...destination("assign", topic),
          "messaging.consumer.group.name": consumer,
          "messaging.diaspora.partitions": [...partitions],
          "messaging.diaspora.gained": [...gained],
          "messaging.diaspora.lost": [...lost],
        },
      })
    ),
    diagnostics.acknowledge.subscribe(({ topic, consumer, partition, nextId, durationMs, error }) =>
      span({
        name: `settle ${topic}`,
        kind: SpanKind.CLIENT,
        durationMs,
        error,
        attributes: {
          ...destination("settle", topic, partition),
          "messaging.consumer.group.name": consumer,
          "messaging.diaspora.next_id": nextId,
        },
      })
    ),
  ];
  return () => stops.forEach((stop) => stop());
}

/** Seconds and nanoseconds: a single number could be taken for a time relative to the process start. */
function timeOf(ms: number): [number, number] {
  return [Math.floor(ms / 1000), Math.round((ms % 1000) * 1e6)];
}
