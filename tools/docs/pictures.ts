/** Takes the documentation's screenshots of the web page, in light and dark mode, with a real browser. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { SIDE, simulate } from "../../examples/scientific/frame.ts";
import { Driver, type Topic } from "../../mod.ts";
import { VERSION } from "../../src/ctl/program.ts";
import { inspectorFor } from "../../src/ctl/ui/files_inspector.ts";
import { topicOptionsOf } from "../../src/ctl/ui/topic_options.ts";
import { startUi } from "../../src/ui/server.ts";
import { withPage } from "../browser/open_browser.ts";

/** The colour schemes in which each is taken. */
export const SCHEMES = ["light", "dark"] as const;

/** What to take. */
export const PICTURES = ["topics", "overview", "events"] as const;

const VIEWPORT = { width: 1200, height: 860 };
const FRAMES = 60;
/** The age of the first reading. */
const MINUTES = 14;

/** Writes `NAME-light.png` and `NAME-dark.png` of each screenshot to a folder. */
export async function takePictures(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), "diaspora-pictures-"));
  try {
    const root = join(work, "store");
    await using driver = await Driver.open("files", { root_path: root });
    await fillStore(driver);
    await using server = await startUi({
      driver,
      place: "/data/experiment",
      version: VERSION,
      host: "127.0.0.1",
      port: 0,
      words: ["--store", "/data/experiment"],
      topicOptions: topicOptionsOf("files"),
      inspector: inspectorFor("files")!,
    });
    const url = `http://127.0.0.1:${server.port}/`;
    for (const colorScheme of SCHEMES) {
      await withPage(
        async (page) => {
          for (const name of PICTURES) {
            await show(page, url, name);
            await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) });
          }
        },
        (asked) => asked.startsWith(url) || /^(?:blob|data):/.test(asked),
        { viewport: VIEWPORT, colorScheme },
      );
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function show(page: Page, url: string, name: (typeof PICTURES)[number]): Promise<void> {
  if (name === "topics") {
    await page.goto(`${url}#/`);
    await page.getByRole("link", { name: "readings" }).waitFor();
  } else if (name === "overview") {
    await page.goto(`${url}#/topics/readings`);
    // Rates and lag are sampled: a plot appears once there are enough samples.
    await page.locator("canvas").nth(2).waitFor();
  } else {
    await page.goto(`${url}#/topics/frames/events`);
    await page.locator(".open-event").first().click();
    await page.locator("canvas.picture").waitFor();
    await page.getByLabel("Colours").selectOption({ index: 1 });
  }
}

async function fillStore(driver: Driver): Promise<void> {
  await driver.createTopic("frames", { num_partitions: 2 });
  await driver.createTopic("readings", { num_partitions: 4 });
  await driver.createTopic("alarms", {});
  await using frames = await driver.openTopic("frames");
  await push(frames, FRAMES, (n) => {
    const { metadata, raster } = simulate("run-7", n);
    return { metadata: { ...metadata, shape: [SIDE, SIDE], dtype: "uint16" }, data: raster };
  });
  await using readings = await driver.openTopic("readings");
  const count = await pushOverTime(readings);
  await using alarms = await driver.openTopic("alarms");
  await push(alarms, 3, (n) => ({ metadata: { level: "warning", sensor: `s${n}` } }));
  await using consumer = readings.consumer("archive");
  for (let n = 0; n < count * 0.9; n++) await (await consumer.pull()).acknowledge();
}

/** Pushes readings with times in the last minutes, at a varying rate; returns how many. */
async function pushOverTime(topic: Topic): Promise<number> {
  const { now } = Date;
  let count = 0;
  try {
    for (let second = MINUTES * 60; second > 0; second -= 5) {
      Date.now = () => now() - second * 1000;
      const many = Math.round(60 + 40 * Math.sin(second / 60) + 15 * Math.sin(second / 7));
      await push(topic, many, (n) => ({
        metadata: { sensor: `s${n % 12}`, celsius: Math.round(200 + 30 * Math.sin(second / 40)) / 10 },
      }));
      count += many;
    }
  } finally {
    Date.now = now;
  }
  return count;
}

async function push(
  topic: Topic,
  count: number,
  make: (n: number) => { metadata: object; data?: Uint8Array },
): Promise<void> {
  await using producer = topic.producer();
  for (let n = 0; n < count; n++) {
    const { metadata, data } = make(n);
    producer.push(JSON.stringify(metadata), data);
  }
  await producer.flush();
}
