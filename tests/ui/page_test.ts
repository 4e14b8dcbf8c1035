// The page in a real browser: what users see and do.
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import process from "node:process";
import { openSync, readdirSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Topic } from "../../mod.ts";
import { test } from "../harness.ts";
import { until } from "../waiting.ts";
import { browserMissing, look } from "./browser.ts";
import { pushMany } from "./served.ts";

const WITH_BROWSER = { skip: browserMissing };

test("topics can be listed, searched and opened by keyboard", WITH_BROWSER, async () => {
  await look(async ({ page, go, fill, shoot }) => {
    for (const name of ["apples", "pears", "pineapples"]) {
      await fill(name, { num_partitions: 2 }, (topic) => pushMany(topic, 1234));
    }
    await go("");
    await page.getByRole("link", { name: "pears", exact: true }).waitFor();
    assertEquals(await page.locator("tbody tr").count(), 3);
    assertStringIncludes(await page.locator("tbody tr").first().innerText(), "1,234");
    await shoot("topics");
    await page.keyboard.press("Tab");
    assertEquals(await page.evaluate("document.activeElement.textContent"), "Skip to the content");
    await page.keyboard.press("Enter");
    assertEquals(await page.evaluate("document.activeElement.id"), "main");
    await page.keyboard.press("Tab");
    await page.keyboard.type("APPLES");
    await page.getByText("2 topics found").waitFor();
    assertEquals(await page.locator("tbody th").allInnerTexts(), ["apples", "pineapples"]);
    // Past the column headers, which sort, to the first topic.
    for (let at = 0; at <= 7; at++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "apples" }).waitFor();
    assertEquals(await page.title(), "apples, overview – Diaspora Stream");
    // Screen readers announce that the view has changed.
    assertEquals(await page.evaluate("document.activeElement.id"), "main");
  });
});

test("the overview draws rates and lag, with descriptions and tables", WITH_BROWSER, async () => {
  await look(async ({ page, go, fill, driver, shoot }) => {
    await fill("t", { num_partitions: 3 }, (topic) => pushMany(topic, 3000));
    await using topic = await driver.openTopic("t");
    await topic.seekConsumer("archiver", { id: 100 });
    await topic.seekConsumer("histogram", { id: 900 });
    await go("topics/t");
    await page.locator(".canvas canvas").nth(2).waitFor();
    await pushMany(topic, 1000);
    await page.getByRole("img", { name: /^Consumer lag: archiver: now 3\.7K/ }).waitFor();
    await page.locator("dl.tiles dd", { hasText: "4,000" }).waitFor();
    assertMatch(await page.locator(".u-legend").innerText(), /archiver[^]*histogram/);
    const colours = await page.evaluate(`(() => {
      const canvas = document.querySelectorAll(".canvas canvas")[2];
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set();
      for (let at = 0; at < data.length; at += 4) if (data[at + 3] === 255) seen.add(data.slice(at, at + 3).join());
      return seen.size;
    })()`) as number;
    assertGreater(colours, 2);
    await page.getByText("As a table").first().click();
    const rows = page.locator(".numbers tbody tr");
    await rows.first().waitFor();
    assertGreater(await rows.count(), 30);
    await page.getByLabel("Span of time").selectOption("1h");
    await page.waitForURL(/span=1h$/);
    const partitions = page.locator("table.list tbody tr");
    assertEquals(await partitions.count(), 3);
    await page.getByText("largest 1.0 × the mean").waitFor();
    await partitions.getByRole("img", { name: "100 % of the largest" }).first().waitFor();
    let isSeen = false;
    const pushing = (async () => {
      for (; !isSeen; await pushMany(topic, 300)) await new Promise((resolve) => setTimeout(resolve, 50));
    })();
    const rate = partitions.first().locator('[data-label="Rate"]').getByText(/^[1-9][0-9,.]*\/s$/);
    await rate.waitFor().finally(() => isSeen = true);
    await pushing;
    await shoot("overview");
  });
});

/** Real images, one of them as an image file. */
async function pushImages(topic: Topic): Promise<void> {
  const file = (name: string): string =>
    fileURLToPath(new URL(`../../node_modules/vega-datasets/data/${name}`, import.meta.url));
  const { width, height, values } = JSON.parse(readFileSync(file("volcano.json"), "utf8"));
  await using producer = topic.producer();
  producer.push({ file: "ffox.png" }, readFileSync(file("ffox.png")));
  producer.push({ subject: "volcano", width, height, pixel: "uint16le" }, new Uint16Array(values));
  producer.push({ log: "text" }, new TextEncoder().encode("first line\nsecond <b>line</b>"));
  producer.push({ blob: 1 }, new Uint8Array(9000).map((_, at) => at * 7));
  await producer.flush();
}

test("data is shown as an image, as text or as hex, whichever fits", WITH_BROWSER, async () => {
  await look(async ({ page, go, fill, shoot }) => {
    await fill("t", { num_partitions: 1 }, pushImages);
    await go("topics/t/events?partition=0");
    const open = page.locator(".open-event");
    await open.nth(3).waitFor();
    // The newest first: from the last to the first, so that rows keep their place.
    for (let at = 3; at >= 0; at--) await open.nth(at).click();
    const picture = page.locator("img.picture");
    await picture.waitFor();
    // It is visible, as its description, before it is loaded.
    await until(
      "the picture is loaded",
      async () => await page.evaluate('document.querySelector("img.picture").naturalWidth') as number > 16,
    );
    await page.locator("canvas.picture").waitFor();
    const [size, shades] = await page.evaluate(`(() => {
      const canvas = document.querySelector("canvas.picture");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const red = data.filter((_, at) => at % 4 === 0);
      return [[canvas.width, canvas.height], [Math.min(...red), Math.max(...red)]];
    })()`) as number[][];
    assertEquals([size, shades], [[87, 61], [0, 255]]);
    await page.getByText("second <b>line</b>").waitFor();
    const hex = page.locator("pre.hex");
    assertStringIncludes(
      await hex.innerText(),
      "00000000  00 07 0e 15 1c 23 2a 31  38 3f 46 4d 54 5b 62 69  .....#*18?FMT[bi",
    );
    await page.getByText("4,096 of 9,000 bytes are shown").waitFor();
    await page.getByRole("button", { name: "More" }).click();
    // Not waitForFunction(): its text would be evaluated, which the page forbids.
    await hex.filter({ hasText: "00002320" }).waitFor();
    await page.getByRole("group", { name: "Show data as" }).first().getByRole("button", { name: "image" })
      .click();
    await page.getByText("These bytes are not a PNG").waitFor();
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download" }).first().click();
    assertEquals((await download).suggestedFilename(), "event-0-3.bin");
    await shoot("data");
  });
});

test("names and values written from right to left stay in their order", WITH_BROWSER, async () => {
  await look(async ({ page, go, fill }) => {
    await fill("t", { num_partitions: 1 }, async (topic) => {
      await topic.producer().push({ "مفتاح": "قيمة", "n": 1 });
    });
    await go("topics/t/events");
    await page.locator(".open-event").click();
    await page.locator("pre.json").waitFor();
    const lefts = await page.evaluate(
      `["td.metadata", "pre.json"].flatMap((place) => ["مفتاح", "قيمة"].map((word) => {
      const texts = document.createTreeWalker(document.querySelector(place), NodeFilter.SHOW_TEXT);
      while (!texts.nextNode().data.includes(word));
      const range = document.createRange();
      range.setStart(texts.currentNode, texts.currentNode.data.indexOf(word));
      range.setEnd(texts.currentNode, range.startOffset + word.length);
      return range.getBoundingClientRect().left;
    }))`,
    ) as number[];
    assert(lefts[0] < lefts[1] && lefts[2] < lefts[3], lefts.join());
  });
});

const HOSTILE = [
  "<img src=x onerror=alert(1)>",
  "'\"><svg onload=alert(2)>",
  "javascript:alert(3)",
  "${alert(4)}{{alert(4)}}",
  "\u202egnp.exe",
];

test("hostile names, metadata and data stay text", WITH_BROWSER, async () => {
  await look(async ({ page, go, fill, driver, root, shoot }) => {
    for (const [index, name] of HOSTILE.entries()) {
      await fill(`topic_${index}`, { num_partitions: 1 }, async (topic) => {
        await using producer = topic.producer();
        producer.push(
          { [`<script>alert(5)</script>`]: `</pre><script>alert(6)</script>`, hostile: HOSTILE },
          new TextEncoder().encode("<script>alert(7)</script>"),
        );
        producer.push(
          "\"<iframe src='javascript:alert(8)'></iframe>\"",
          new TextEncoder().encode(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(9)"/>`),
        );
        await producer.flush();
        await topic.seekConsumer(name, { id: 1 });
      });
      // New topics cannot have some of these names, but older ones may.
      renameSync(join(root, `topic_${index}`), join(root, name));
    }
    await go("");
    await page.getByText(HOSTILE[0]).waitFor();
    assertStringIncludes(await page.locator("tbody").innerText(), "\\u202egnp.exe");
    for (const name of HOSTILE) {
      const route = `topics/${encodeURIComponent(name)}`;
      await go(`${route}/events?partition=0&filter=${encodeURIComponent('{"a": ["<b>"]}')}`);
      await go(`${route}/events?partition=0`);
      await page.locator(".open-event").nth(1).click();
      await page.locator(".open-event").nth(0).click();
      await page.getByText("<script>alert(7)</script>").waitFor();
      for (const group of await page.getByRole("group", { name: "Show data as" }).all()) {
        for (const mode of ["hex", "image", "text"]) await group.getByRole("button", { name: mode }).click();
      }
      await go(`${route}/consumers`);
      await page.locator("summary").first().click();
      await go(`${route}/settings`);
      await go(route);
      await page.locator(".canvas").first().waitFor();
    }
    await shoot("hostile");
    const strange = await page.evaluate(
      "document.querySelectorAll('script:not([src=\"/page.js\"]), iframe, object, embed').length",
    );
    assertEquals(strange, 0);
    assertEquals((await driver.listTopics()).size, HOSTILE.length);
  });
});

test("metadata is formatted, and keeps numbers beyond a double", WITH_BROWSER, async () => {
  await look(async ({ page, go, fill }) => {
    const long = `{"pad":"${"y".repeat(6000)}","last":true}`;
    await fill("t", { num_partitions: 1 }, async (topic) => {
      await using producer = topic.producer();
      producer.push('{"n":18446744073709551615,"f":1.50,"a":[],"o":{"k":[1,{"x":null}]}}');
      producer.push(long);
      await producer.flush();
    });
    await go("topics/t/events");
    await page.locator(".open-event").nth(1).click();
    assertEquals(
      await page.locator("pre.json").innerText(),
      '{\n  "n": 18446744073709551615,\n  "f": 1.50,\n  "a": [],\n  "o": {\n    "k": [\n      1,\n      {\n        "x": null\n      }\n    ]\n  }\n}',
    );
    await page.locator(".open-event").nth(0).click();
    await page.getByRole("button", { name: `Show all ${long.length.toLocaleString("en")} characters` })
      .click();
    await page.getByText('"last"').waitFor();
    await go("topics/t/events?columns=n,last");
    const cells = page.locator("td.field");
    await cells.first().waitFor();
    // Of long metadata, a list has the beginning: whether there is such a field is not known.
    assertEquals(await cells.allInnerTexts(), ["…", "…", "18446744073709551615", ""]);
  });
});

test("events are paged through, found by id and time, and filtered", WITH_BROWSER, async () => {
  await look(async ({ page, go, fill }) => {
    await fill("t", { num_partitions: 2 }, (topic) => pushMany(topic, 2000));
    await go("topics/t/events");
    await page.locator(".open-event").first().waitFor();
    await page.getByRole("combobox", { name: "Partition" }).selectOption("1");
    const ids = page.locator("table.events tbody td:nth-child(3)");
    await page.getByText("950 to 999 of 0 to 999").waitFor();
    assertEquals([await ids.count(), await ids.first().innerText()], [50, "999"]);
    // With the arrow keys from event to event.
    const focused = (): Promise<unknown> =>
      page.evaluate('document.activeElement.getAttribute("aria-label")');
    await page.locator(".open-event").first().focus();
    await page.keyboard.press("ArrowDown");
    assertEquals(await focused(), "Event 998 of partition 1");
    await page.keyboard.press("Enter");
    await page.locator("pre.json").waitFor();
    await page.keyboard.press("End");
    assertEquals(await focused(), "Event 950 of partition 1");
    await page.keyboard.press("ArrowUp");
    assertEquals(await focused(), "Event 951 of partition 1");
    await page.getByRole("button", { name: "Older" }).click();
    await page.getByText("900 to 949 of 0 to 999").waitFor();
    await page.getByRole("button", { name: "Newer" }).click();
    await page.getByText("950 to 999 of 0 to 999").waitFor();
    await page.getByLabel("From").fill("10");
    await page.getByLabel("From").press("Enter");
    await page.getByText("10 to 59 of 0 to 999").waitFor();
    await page.getByLabel("From").fill("2001-02-03 04:05");
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByText("0 to 49 of 0 to 999").waitFor();
    await page.getByLabel("From").fill("tomorrow-ish");
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByRole("alert").getByText("is neither an id nor a time").waitFor();
    await page.getByLabel("From").fill("");
    await page.getByLabel("Filter").fill('{"n": [{"numeric": ["<", 100]}]}');
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByText(/^0 to 999 looked through/).waitFor();
    assertEquals(await ids.count(), 50);
    assertEquals(await ids.first().innerText(), "49");
    await page.getByLabel("Filter").fill('{"n": [{"numeric": ["<"]}]}');
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByRole("alert").waitFor();
    assertMatch(page.url(), /filter=/);
  });
});

test("a live tail shows new events, can be paused, and keeps an open event", WITH_BROWSER, async () => {
  await look(async ({ page, go, fill, driver, shoot }) => {
    await fill("t", { num_partitions: 2 }, (topic) => pushMany(topic, 10));
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    await go("topics/t/events");
    await page.locator(".open-event").first().waitFor();
    await page.getByRole("button", { name: "Live" }).click();
    await page.getByText("Following new events").waitFor();
    await producer.push({ hello: "world 1" });
    await page.locator("td.metadata").getByText("world 1").waitFor();
    await page.locator(".open-event").first().click();
    await page.locator("pre.json").getByText('"world 1"').waitFor();
    // Opening an event pauses the live view, so that it is not pushed away.
    for (let n = 2; n < 7; n++) await producer.push({ hello: `world ${n}` });
    await page.getByText("Paused, 5 held back").waitFor();
    assertEquals(await page.getByText("world 6").count(), 0);
    await page.getByRole("button", { name: "Resume" }).click();
    await page.locator("td.metadata").getByText("world 6").waitFor();
    assertEquals(await page.locator("pre.json").count(), 1);
    await page.getByRole("button", { name: "Pause" }).click();
    await producer.push({ hello: "world 7" });
    await page.getByText("Paused, 1 held back").waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await shoot("live");
    await pushMany(topic, 30_000);
    await page.getByText("came too fast to be shown").waitFor();
    assert(await page.locator("tbody tr:not(.detail)").count() <= 200);
    await page.getByRole("button", { name: "Live" }).click();
    await page.getByRole("button", { name: "Pause" }).waitFor({ state: "detached" });
  });
});

// A live tail said "Following new events" before the server followed them, and events stored between the page's own
// request and that moment were never shown.
test("a live tail that connects slowly shows what is stored meanwhile", WITH_BROWSER, async () => {
  await look(async ({ page, go, fill, driver }) => {
    await fill("t", { num_partitions: 2 }, (topic) => pushMany(topic, 10));
    await using topic = await driver.openTopic("t");
    await using producer = topic.producer();
    let connect = () => {};
    const connecting = new Promise<void>((resolve) => connect = resolve);
    await page.route(/\/live/, async (route) => {
      await connecting;
      await route.continue();
    });
    await go("topics/t/events?live=1");
    await page.getByText("Connecting").waitFor();
    await producer.push({ hello: "meanwhile" });
    connect();
    await page.getByText("Following new events").waitFor();
    await page.locator("td.metadata").getByText("meanwhile").waitFor();
    assertEquals(await page.locator("tbody tr").count(), 11);
  });
});

test("a verification's damage is shown on every tab of the topic", WITH_BROWSER, async () => {
  await look(async ({ page, go, fill, root, shoot }) => {
    await fill("t", { num_partitions: 2 }, (topic) => pushMany(topic, 1000));
    await go("topics/t/verify");
    await page.getByText("Not verified since the server started").waitFor();
    await page.getByRole("button", { name: "Verify now" }).click();
    await page.getByText("Every byte is what was written").waitFor();
    const folder = join(root, "t/partitions/00000001");
    const path = join(folder, readdirSync(folder).find((name) => name.endsWith(".log"))!);
    const bytes = readFileSync(path);
    const at = Math.floor(bytes.length / 2);
    writeSync(openSync(path, "r+"), new Uint8Array([bytes[at] ^ 1]), 0, 1, at);
    await page.getByRole("button", { name: "Verify now" }).click();
    await page.getByText("Damage was found in 1 place").waitFor();
    assertStringIncludes(await page.locator("table.list tbody").innerText(), path);
    await shoot("damage");
    await page.getByRole("link", { name: "Overview" }).click();
    await page.locator("tbody tr").nth(1).getByText("damaged").waitFor();
    await page.getByRole("link", { name: "See what is wrong" }).click();
    await page.getByRole("button", { name: "Verify now" }).waitFor();
  });
});

test("segments and consumers are shown", WITH_BROWSER, async () => {
  await look(async ({ page, go, fill, shoot }) => {
    await fill("t", { num_partitions: 1, segment_bytes: 4096 }, async (topic) => {
      for (let n = 0; n < 20; n++) await pushMany(topic, 100);
      await topic.seekConsumer("done", "latest");
      await topic.seekConsumer("late", { id: 1500 });
    });
    await go("topics/t/segments?partition=0");
    await page.getByText("being written").waitFor();
    assertGreater(await page.locator("tbody tr").count(), 3);
    await shoot("segments");
    await page.locator(".tabs").getByRole("link", { name: "Consumers" }).click();
    await page.getByText("lag 500 events").waitFor();
    await page.getByText("up to date").waitFor();
    await page.getByRole("heading", { name: "late" }).click();
    assertStringIncludes(await page.locator("details[open] tbody").innerText(), "1,500");
    await shoot("consumers");
  });
});

test(
  "a topic that cannot be opened can be verified, and an unknown lag is not called up to date",
  WITH_BROWSER,
  async () => {
    await look(async ({ page, go, fill, root }) => {
      await fill("t", { num_partitions: 1 }, (topic) => topic.seekConsumer("c", "latest"));
      await fill("broken", { num_partitions: 1 }, () => {});
      await page.route(/\/topics\/t\/consumers/, async (route) => {
        const answer = await (await route.fetch()).json();
        const fault = "no leader now";
        Object.assign(answer.items[0], { fault });
        Object.assign(answer.items[0].partitions[0], { fault });
        await route.fulfill({ json: answer });
      });
      await go("topics/t/consumers");
      await page.getByTitle("no leader now").first().waitFor();
      assertEquals(await page.getByText("up to date").count(), 0);
      const folder = join(root, "broken/partitions/00000000");
      renameSync(folder, join(root, "elsewhere"));
      await go("topics/broken");
      await page.getByRole("link", { name: "Verify" }).click();
      await page.getByRole("button", { name: "Verify now" }).click();
      await page.locator("tbody").getByText(folder).waitFor();
    });
  },
);

test("a group shows its members, and whose each partition is", WITH_BROWSER, async () => {
  await look(async ({ page, go, fill, driver }) => {
    await fill("t", { num_partitions: 2 }, (topic) => pushMany(topic, 2));
    await using topic = await driver.openTopic("t");
    await using member = topic.consumer("workers", { group: true });
    await member.ready();
    await go("topics/t/consumers");
    await page.getByText("1 member", { exact: true }).waitFor();
    await page.getByRole("heading", { name: "workers" }).click();
    await page.getByRole("columnheader", { name: "Owner" }).waitFor();
    await page.getByRole("cell", { name: `process ${process.pid} on` }).nth(1).waitFor();
  });
});

test("the page reports that the server is gone, and continues when it is back", WITH_BROWSER, async () => {
  await look(async ({ page, go, fill }) => {
    await fill("t", { num_partitions: 1 }, (topic) => pushMany(topic, 5));
    await go("");
    await page.getByRole("link", { name: "t", exact: true }).waitFor();
    await page.route("**/api/**", (route) => route.abort());
    await page.getByText("The server does not answer").waitFor();
    await page.unroute("**/api/**");
    await page.getByText("The server does not answer").waitFor({ state: "detached" });
    // A tab that asks once asks again when the server is back, and the error is shown once.
    await go("topics/t/events");
    await page.locator(".open-event").first().waitFor();
    await page.route("**/api/**", (route) => route.abort());
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByText("The server does not answer").waitFor();
    await page.unroute("**/api/**");
    await page.getByText("The server does not answer").waitFor({ state: "detached" });
  });
});

test(
  "the values under the pointer are shown with their time, and damage in places and events",
  WITH_BROWSER,
  async () => {
    await look(async ({ page, go, fill, driver, root }) => {
      await fill("t", { num_partitions: 1 }, (topic) => pushMany(topic, 3000));
      await using topic = await driver.openTopic("t");
      await topic.seekConsumer("archiver", { id: 100 });
      await go("topics/t");
      const plots = page.locator(".plots .uplot");
      await plots.nth(2).waitFor();
      for (const at of [0, 2]) {
        const readout = page.locator(".plots .readout").nth(at).filter({
          hasText: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d: [\d.,]+K?$/,
        });
        // More than once: the plot may move, or be made anew, when more is known.
        await until("the readout has a value", async () => {
          const box = (await plots.nth(at).locator(".u-over").boundingBox())!;
          // The latest value: the plot may have two points so far.
          await page.mouse.move(box.x + box.width - 2, box.y + box.height / 2);
          return await readout.isVisible();
        });
      }
      // Switching to another view and back must not compute a rate from old data.
      const rate = page.locator('table.list [data-label="Rate"]');
      await rate.getByText("0/s").waitFor();
      // Every rate shown from now on: it is shown for two seconds.
      await page.evaluate(`globalThis.rates = []; new MutationObserver(() => {
        const rate = document.querySelector('table.list [data-label="Rate"]')?.textContent ?? "";
        if (/^[1-9][0-9,.]*\\/s$/.test(rate.trim())) rates.push(rate);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });`);
      let rates: string[] = [];
      const isShown = async (): Promise<boolean> => {
        rates = await page.evaluate("rates") as string[];
        return rates.length > 0;
      };
      // On a busy machine, the page may hear of the events before it is back: then there is no rate.
      for (let tries = 0; tries < 5 && rates.length === 0; tries++) {
        await page.getByRole("link", { name: "Settings" }).click();
        await pushMany(topic, 1000);
        await page.getByRole("link", { name: "Overview" }).click();
        await until("a rate was shown", isShown, 15_000).catch(() => {});
      }
      assertGreater(rates.length, 0, "no rate was shown");
      const perSecond = Math.max(...rates.map((text) => Number(text.replace(/[^0-9.]/g, ""))));
      assert(perSecond <= 1000, `${perSecond}/s of 1,000 events in more than a second`);
      const folder = join(root, "t/partitions/00000000");
      const path = join(folder, readdirSync(folder).find((name) => name.endsWith(".log"))!);
      const bytes = readFileSync(path);
      const at = Math.floor(bytes.length / 3);
      writeSync(openSync(path, "r+"), new Uint8Array([bytes[at] ^ 1]), 0, 1, at);
      await page.getByRole("link", { name: "Verify" }).click();
      await page.getByRole("button", { name: "Verify now" }).click();
      await page.locator("ul.counts").getByText(/^1 place, [1-9][0-9,]* events$/).waitFor();
    });
  },
);
