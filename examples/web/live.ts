import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { ClosedError, type ConsumerOptions, type Event, type Topic } from "../../mod.ts";

/** Proxies close connections that are silent for long. */
const SILENCE_MS_MAX = 15_000;

/**
 * Streams the events of a topic with one partition, as they arrive. The stream uses the ids of the events: a
 * browser that reconnects sends the last id it received, and gets the events after it.
 */
export function streamEvents<T>(
  context: Context,
  topic: Topic<T>,
  dataOf: (event: Event<T>) => string,
  options: ConsumerOptions<T> = {},
): Response {
  return streamSSE(context, async (stream) => {
    const last = Number(context.req.header("Last-Event-ID") ?? -1);
    const gone = new AbortController();
    stream.onAbort(() => gone.abort());
    const heartbeat = setInterval(() => void stream.write(": still here\n\n"), SILENCE_MS_MAX);
    try {
      const from = { id: Number.isSafeInteger(last) ? last + 1 : 0 };
      // Nothing is acknowledged: every browser says where to start.
      await using consumer = topic.consumer("live", { ...options, from });
      for await (const event of consumer.events({ signal: gone.signal })) {
        await stream.writeSSE({ id: String(event.id), data: dataOf(event) });
      }
    } catch (error) {
      // The browser has disconnected, or the service is stopping.
      if (!gone.signal.aborted && !(error instanceof ClosedError)) throw error;
    } finally {
      clearInterval(heartbeat);
    }
  });
}
