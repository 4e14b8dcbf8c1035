// The live plot of examples/scientific in a real browser.
import { serve, type ServerType } from "@hono/node-server";
import { assertEquals } from "@std/assert";
import type { AddressInfo } from "node:net";
import { type Frame, simulate } from "../../examples/scientific/frame.ts";
import { makePlot } from "../../examples/scientific/plot.ts";
import { Driver } from "../../mod.ts";
import { test } from "../harness.ts";
import { browserMissing, withPage } from "./open_browser.ts";

test(
  "the scientific example's page draws a point for every frame as it arrives",
  { skip: browserMissing },
  async () => {
    await using driver = await Driver.open("memory", {});
    await driver.createTopic("frames", {});
    await using topic = await driver.openTopic<Frame>("frames");
    const producer = topic.producer();
    const push = (frame: number) => {
      const { metadata, raster } = simulate("run", frame);
      return producer.push(metadata, raster);
    };
    await push(0);
    const server = await new Promise<ServerType>((resolve) => {
      const made = serve(
        { fetch: makePlot(topic).fetch, hostname: "127.0.0.1", port: 0 },
        () => resolve(made),
      );
    });
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      await withPage(async (page) => {
        await page.goto(url);
        await page.getByText(/^frame 0: \d+ counts at 100 K$/).waitFor();
        for (let frame = 1; frame < 20; frame++) await push(frame);
        await page.getByText(/^frame 19: /).waitFor();
        const points = await page.locator("polyline").getAttribute("points");
        assertEquals(points?.split(" ").length, 20);
      }, (asked) => asked.startsWith(url));
    } finally {
      server.close();
      if ("closeAllConnections" in server) server.closeAllConnections();
    }
  },
);
