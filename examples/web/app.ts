import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { ClosedError, InvalidMetadataError, type Topic } from "../../mod.ts";
import { PAGE } from "./page.ts";
import type { Reading } from "./reading.ts";

/** A proxy gives up on a connection that says nothing for long. */
const SILENCE_MS_MAX = 15_000;

/**
 * The service over a topic of one partition, whose event ids are those of the stream: a browser that comes back says the
 * last one it saw, and gets what came after it.
 */
export function makeApp(topic: Topic<Reading>): Hono {
  const app = new Hono();
  const producer = topic.producer("web");

  app.get("/", (context) => context.html(PAGE));

  app.post("/readings", async (context) => {
    const reading = await context.req.json().catch(() => undefined);
    if (reading === undefined) return context.json({ error: "expected JSON" }, 400);
    try {
      // The topic's validator is the schema: what it refuses is the client's fault.
      return context.json({ id: await producer.push(reading) }, 201);
    } catch (error) {
      if (error instanceof InvalidMetadataError) return context.json({ error: error.message }, 400);
      throw error;
    }
  });

  app.get("/readings", async (context) => {
    await using consumer = topic.consumer("web-list");
    const readings = [];
    for await (const event of consumer.events({ until: "end" })) {
      readings.push({ id: event.id, ...event.metadata });
    }
    return context.json(readings);
  });

  app.get("/readings/live", (context) =>
    streamSSE(context, async (stream) => {
      const last = Number(context.req.header("Last-Event-ID") ?? -1);
      const gone = new AbortController();
      stream.onAbort(() => gone.abort());
      const heartbeat = setInterval(() => void stream.write(": still here\n\n"), SILENCE_MS_MAX);
      try {
        // Nothing is acknowledged: every browser reads for itself, from where it says.
        await using consumer = topic.consumer("web-live", {
          from: { id: Number.isSafeInteger(last) ? last + 1 : 0 },
        });
        for await (const event of consumer.events({ signal: gone.signal })) {
          await stream.writeSSE({ id: String(event.id), data: event.metadataText });
        }
      } catch (error) {
        // The browser went away, or the service is being stopped.
        if (!gone.signal.aborted && !(error instanceof ClosedError)) throw error;
      } finally {
        clearInterval(heartbeat);
      }
    }));

  return app;
}
