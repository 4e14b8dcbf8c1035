/**
 * Traces and metrics for OpenTelemetry, made from what the library tells on its diagnostics channels.
 *
 * @example
 * ```ts
 * import { instrument } from "@diaspora/stream/otel";
 *
 * const stop = instrument(); // with the providers that were registered with @opentelemetry/api
 * // … produce and consume …
 * stop();
 * ```
 *
 * @module
 */
import { type MeterProvider, metrics, trace, type TracerProvider } from "@opentelemetry/api";
export type { MeterProvider, TracerProvider } from "@opentelemetry/api";
import { measure } from "./measure.ts";
import { record } from "./record.ts";

/** Where traces and metrics go. */
export interface InstrumentOptions {
  /** Default: the one registered with `@opentelemetry/api`. */
  tracerProvider?: TracerProvider;
  /** Default: the one registered with `@opentelemetry/api`. */
  meterProvider?: MeterProvider;
}

/** The name under which spans and metrics are reported. */
const SCOPE = "@diaspora/stream";

/**
 * Reports everything the library does from now on, until the function given back is called: a span for each
 * batch sent, read and acknowledged and for each flush, and the counters and durations of OpenTelemetry's
 * conventions for messaging.
 */
export function instrument(options: InstrumentOptions = {}): () => void {
  const { tracerProvider = trace, meterProvider = metrics } = options;
  const stopRecording = record(tracerProvider.getTracer(SCOPE));
  const stopMeasuring = measure(meterProvider.getMeter(SCOPE));
  return () => {
    stopRecording();
    stopMeasuring();
  };
}
