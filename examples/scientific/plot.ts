import { Hono } from "hono";
import type { Event, Topic } from "../../mod.ts";
import { streamEvents } from "../web/live.ts";
import { type Frame, selectRegion, sumOf } from "./frame.ts";

/** Serves the page with the plot, and the points as they arrive. */
export function makePlot(topic: Topic<Frame>): Hono {
  const app = new Hono();
  app.get("/", (context) => context.html(PAGE));
  app.get("/points", (context) => streamEvents(context, topic, pointOf, { dataSelector: selectRegion }));
  return app;
}

/** What the plot needs of a frame: its data is the pixels of the region. */
function pointOf({ metadata: { frame, kelvin }, data }: Event<Frame>): string {
  return JSON.stringify({ frame, kelvin, counts: sumOf(data!) });
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Run</title>
<style>
  :root { color-scheme: light dark; } body { font: 1rem system-ui; margin: 2rem; }
  svg { width: 100%; max-width: 60rem; border: 1px solid; } polyline { fill: none; stroke: #0a66c2; stroke-width: 2; }
</style>
<h1>Counts around the peak</h1>
<p role="status">waiting for frames</p>
<svg viewBox="0 0 600 240" role="img" aria-label="Counts over temperature"><polyline></polyline></svg>
<script>
  const points = [];
  const line = document.querySelector("polyline");
  const status = document.querySelector("[role=status]");
  new EventSource("/points").onmessage = ({ data }) => {
    points.push(JSON.parse(data));
    const { frame, kelvin, counts } = points.at(-1);
    status.textContent = "frame " + frame + ": " + counts + " counts at " + kelvin + " K";
    const [from, to] = [points[0].kelvin, Math.max(kelvin, points[0].kelvin + 1)];
    const most = Math.max(...points.map((point) => point.counts));
    line.setAttribute("points", points.map((point) =>
      (10 + 580 * (point.kelvin - from) / (to - from)).toFixed(1) + "," + (230 - 220 * point.counts / most).toFixed(1)
    ).join(" "));
  };
</script>
</html>
`;
