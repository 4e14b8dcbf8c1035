// Where users look for an action that the page does not offer, it shows the command for it.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { test } from "../harness.ts";
import { browserMissing, look } from "./browser.ts";
import { pushMany } from "./served.ts";

test(
  "each action's command is shown with the store, ready to be copied",
  { skip: browserMissing },
  async () => {
    await look(async ({ page, go, fill, root, shoot }) => {
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      await fill("it's", { num_partitions: 1, retention_bytes: 2e9 }, async (topic) => {
        await pushMany(topic, 20);
        await topic.seekConsumer("late one", { id: 10 });
      });
      const copied = async (does: string): Promise<unknown> => {
        const item = page.locator(".commands li", { hasText: does });
        await item.getByRole("button").click();
        await item.getByText("Copied").waitFor();
        return await page.evaluate("navigator.clipboard.readText()");
      };
      await go("topics/it's/consumers");
      await page.getByRole("heading", { name: "late one" }).click();
      await page.getByText("Read, move or remove it").click();
      assertEquals(
        await copied("Start over"),
        `diaspora-ctl consumer seek 'it'\\''s' --name 'late one' --to earliest --store ${root}`,
      );
      await shoot("commands-consumer");
      await go("topics/it's/verify");
      await page.getByText("Verify in a shell, and repair").click();
      assertStringIncludes(
        String(await copied("See what a repair would do")),
        "repair 'it'\\''s' --dry-run --store",
      );
      await go(`topics/it's/events?partition=0&filter=${encodeURIComponent("n > 3")}`);
      await page.getByText("The same in a shell").click();
      assertEquals(
        await copied("Print them"),
        `diaspora-ctl consume 'it'\\''s' --partition 0 --filter '{"n":[{"numeric":[">",3]}]}' --store ${root}`,
      );
      await go("topics/it's/settings");
      const retention = page.locator("table.list tr", { hasText: "retention_bytes" });
      assertStringIncludes(await retention.innerText(), "2.00 GB (2,000,000,000 bytes)");
      assertStringIncludes(await retention.innerText(), "no limit");
      await page.getByText("Change an option").click();
      assertStringIncludes(
        String(await copied("Change retention_seconds")),
        "--topic.retention_seconds 604800",
      );
      await shoot("commands-settings");
    });
  },
);
