// The findings of `diaspora-ctl doctor`, on the page.
import { assertEquals } from "@std/assert";
import { readdirSync } from "node:fs";
import { test } from "../harness.ts";
import { browserMissing, look } from "./browser.ts";
import { pushMany } from "./served.ts";

test(
  "the health view checks the store's folder on request, and leaves nothing in it",
  { skip: browserMissing },
  async () => {
    await look(async ({ page, go, fill, root, shoot }) => {
      await fill("t", { num_partitions: 1 }, (topic) => pushMany(topic, 5));
      await go("");
      await page.getByRole("link", { name: "Health" }).click();
      await page.getByText("Not checked since the server started").waitFor();
      await page.getByRole("button", { name: "Check now" }).click();
      const row = page.locator("tbody tr", { hasText: "engine" });
      await row.getByText('driver "files" answers in').waitFor();
      await row.getByText("ok", { exact: true }).waitFor();
      await page.locator("tbody tr", { hasText: "append atomicity" }).waitFor();
      await shoot("health");
      assertEquals(readdirSync(root), ["t"]);
    });
  },
);
