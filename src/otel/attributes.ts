import type { Attributes } from "@opentelemetry/api";

/** An operation and its target, as OpenTelemetry attributes. */
export function destination(operation: string, topic?: string, partition?: number): Attributes {
  return {
    "messaging.system": "diaspora",
    "messaging.operation.name": operation,
    ...(topic === undefined ? {} : { "messaging.destination.name": topic }),
    ...(partition === undefined ? {} : { "messaging.destination.partition.id": String(partition) }),
  };
}

/** The type of an error: a broker's name for it, its code, or the name of its class. */
export function errorType(error: unknown): string {
  const { reason, code, name } = error as { reason?: unknown; code?: unknown; name?: unknown };
  return String(reason ?? code ?? name ?? typeof error);
}
