// The page of examples/web in a real browser: it shows what is posted, and resumes after the last event when
// the service was down.
import { serve, type ServerType } from "@hono/node-server";
import { assertEquals } from "@std/assert";
import type { AddressInfo } from "node:net";
import { makeApp } from "../../examples/web/app.ts";
import { Reading } from "../../examples/web/reading.ts";
import { Driver } from "../../mod.ts";
import { test } from "../harness.ts";
import { browserMissing, withPage } from "./open_browser.ts";

test(
  "the web example's page posts, shows, and resumes after the last id",
  { skip: browserMissing },
  async () => {
    await using driver = await Driver.open("memory", {});
    await driver.createTopic("readings", {}, { validator: Reading });
    await using topic = await driver.openTopic("readings", { validator: Reading });
    const begin = (port: number): Promise<ServerType> =>
      new Promise((resolve) => {
        const server = serve(
          { fetch: makeApp(topic).fetch, hostname: "127.0.0.1", port },
          () => resolve(server),
        );
      });
    let server = await begin(0);
    const { port } = server.address() as AddressInfo;
    const end = (): void => {
      server.close();
      // Streams stay open for ever.
      if ("closeAllConnections" in server) server.closeAllConnections();
    };
    try {
      const url = `http://127.0.0.1:${port}/`;
      await withPage(async (page) => {
        await page.goto(url);
        await page.getByRole("button", { name: "Post" }).click();
        await page.getByText("stored as 0").waitFor();
        await page.getByText("roof: 21.5 °C").waitFor();
        await page.getByLabel("Celsius").fill("2100");
        await page.getByRole("button", { name: "Post" }).click();
        await page.getByText(/celsius/).waitFor();
        end();
        await topic.producer().push({ sensor: "cellar", celsius: 12 });
        server = await begin(port);
        // A browser waits for three seconds before it reconnects.
        await page.getByText("cellar: 12 °C").waitFor();
        assertEquals(await page.locator("li").allInnerTexts(), ["cellar: 12 °C", "roof: 21.5 °C"]);
      }, (asked) => asked.startsWith(url));
    } finally {
      end();
    }
  },
);
