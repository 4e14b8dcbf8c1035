import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { ClosedError, type ConsumerOptions, type Event, type Topic } from "../../mod.ts";

/** A proxy gives up on a connection that says nothing for long. */
const SILENCE_MS_MAX = 15_000;

/**
 * Answers with the events of a topic of one partition, as they come. Their ids are those of the stream: a browser that
 * comes back says the last one it saw, and gets what came after it.
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
      // Nothing is acknowledged: every browser reads for itself, from where it says.
      await using consumer = topic.consumer("live", { ...options, from });
      for await (const event of consumer.events({ signal: gone.signal })) {
        await stream.writeSSE({ id: String(event.id), data: dataOf(event) });
      }
    } catch (error) {
      // The browser went away, or the service is being stopped.
      if (!gone.signal.aborted && !(error instanceof ClosedError)) throw error;
    } finally {
      clearInterval(heartbeat);
    }
  });
}
