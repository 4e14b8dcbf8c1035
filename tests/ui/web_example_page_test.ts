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
import { relay } from "./relay.ts";

test(
  "the web example's page posts, shows, and resumes after the last id",
  { skip: browserMissing },
  async () => {
    await using driver = await Driver.open("memory", {});
    await driver.createTopic("readings", {}, { validator: Reading });
    await using topic = await driver.openTopic("readings", { validator: Reading });
    const begin = (): Promise<ServerType> =>
      new Promise((resolve) => {
        const server = serve(
          { fetch: makeApp(topic).fetch, hostname: "127.0.0.1", port: 0 },
          () => resolve(server),
        );
      });
    const addressOf = (server: ServerType): string =>
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    let server = await begin();
    const end = (): void => {
      server.close();
      // Streams stay open for ever.
      if ("closeAllConnections" in server) server.closeAllConnections();
    };
    try {
      await using line = await relay(addressOf(server));
      const { url } = line;
      await withPage(async (page) => {
        await page.goto(url);
        await page.getByRole("button", { name: "Post" }).click();
        await page.getByText("stored as 0").waitFor();
        await page.getByText("roof: 21.5 °C").waitFor();
        await page.getByLabel("Celsius").fill("2100");
        await page.getByRole("button", { name: "Post" }).click();
        await page.getByText(/celsius/).waitFor();
        line.cut();
        end();
        await topic.producer().push({ sensor: "cellar", celsius: 12 });
        server = await begin();
        line.restore(addressOf(server));
        // A browser waits for three seconds before it reconnects.
        await page.getByText("cellar: 12 °C").waitFor();
        assertEquals(await page.locator("li").allInnerTexts(), ["cellar: 12 °C", "roof: 21.5 °C"]);
      }, (asked) => asked.startsWith(url));
    } finally {
      end();
    }
  },
);
