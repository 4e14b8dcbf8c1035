/**
 * Traces and metrics for OpenTelemetry, made from the library's diagnostics channels.
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
import { type Meter, metrics, trace, type Tracer } from "@opentelemetry/api";
import { measure } from "./measure.ts";
import { record } from "./record.ts";

/** A source of tracers: a `TracerProvider` of `@opentelemetry/api`. */
export interface TracerSource {
  /** Returns the tracer with that name. */
  getTracer(name: string): unknown;
}

/** A source of meters: a `MeterProvider` of `@opentelemetry/api`. */
export interface MeterSource {
  /** Returns the meter with that name. */
  getMeter(name: string): unknown;
}

/** Where traces and metrics go. */
export interface InstrumentOptions {
  /** Default: the provider registered with `@opentelemetry/api`. */
  tracerProvider?: TracerSource | undefined;
  /** Default: the provider registered with `@opentelemetry/api`. */
  meterProvider?: MeterSource | undefined;
}

/** The name under which spans and metrics are reported. */
const SCOPE = "@diaspora/stream";

/**
 * Reports everything the library does from now on, until the returned function is called: a span for each batch
 * sent, read and acknowledged and for each flush, and the counters and durations of OpenTelemetry's semantic
 * conventions for messaging.
 */
export function instrument(options: InstrumentOptions = {}): () => void {
  const { tracerProvider = trace, meterProvider = metrics } = options;
  const stopRecording = record(tracerProvider.getTracer(SCOPE) as Tracer);
  const stopMeasuring = measure(meterProvider.getMeter(SCOPE) as Meter);
  return () => {
    stopRecording();
    stopMeasuring();
  };
}
