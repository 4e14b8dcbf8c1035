import { Hono } from "hono";
import { InvalidMetadataError, type Topic } from "../../mod.ts";
import { streamEvents } from "./live.ts";
import { PAGE } from "./page.ts";
import type { Reading } from "./reading.ts";

/** The service over a topic of one partition. */
export function makeApp(topic: Topic<Reading>): Hono {
  const app = new Hono();
  const producer = topic.producer("web");

  app.get("/", (context) => context.html(PAGE));

  app.post("/readings", async (context) => {
    const reading = await context.req.json().catch(() => undefined);
    if (reading === undefined) return context.json({ error: "expected JSON" }, 400);
    try {
      // The topic's validator is the schema, so a refusal is the client's fault.
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

  app.get("/readings/live", (context) => streamEvents(context, topic, (event) => event.metadataText));

  return app;
}
