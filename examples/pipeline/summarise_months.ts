/**
 * The second process: reads the days as they arrive, and pushes a summary of each month to another topic. A
 * month is acknowledged after its summary is stored, so a killed process resumes with the unfinished month.
 *
 * ```sh
 * deno run -A examples/pipeline/summarise_months.ts /tmp/weather-data
 * ```
 * Start it before, during or after the first process.
 *
 * @module
 */
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { Driver, type Event } from "../../mod.ts";
import type { Cell } from "./csv.ts";

const [rootPath = "/tmp/weather-data"] = process.argv.slice(2);

type Day = Record<string, Cell>;

/** The metadata of a summary. */
type Month = {
  month: string;
  days: number;
  /** In millimetres. */
  precipitation: number;
  /** Of the warmest day, in degrees Celsius. */
  warmest: number;
};

/** A complete month, and its last day. */
interface Complete {
  month: Month;
  last: Event<Day>;
}

/** Collects days until the month changes. */
class MonthStream extends TransformStream<Event<Day>, Complete> {
  constructor() {
    let month: Month | undefined;
    let last: Event<Day> | undefined;
    super({
      transform(event, controller) {
        const { date, precipitation, temp_max: warmest, end } = event.metadata;
        const name = String(date ?? "").slice(0, 7);
        if (month !== undefined && name !== month.month) {
          controller.enqueue({ month: { ...month, precipitation: round(month.precipitation) }, last: last! });
          month = undefined;
        }
        if (end !== undefined) return controller.terminate();
        month ??= { month: name, days: 0, precipitation: 0, warmest: -Infinity };
        month.days++;
        month.precipitation += Number(precipitation);
        month.warmest = Math.max(month.warmest, Number(warmest));
        last = event;
      },
    });
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

await using driver = await Driver.open("files", { root_path: rootPath });
while (!await driver.topicExists("months")) await delay(50);
await using days = await driver.openTopic<Day>("days");
await using months = await driver.openTopic<Month>("months");
await using consumer = days.consumer("months");
await using producer = months.producer("months");

let count = 0;
await consumer.readable().pipeThrough(new MonthStream()).pipeTo(
  new WritableStream({
    async write({ month, last }) {
      await producer.push(month);
      await last.acknowledge();
      count++;
      console.log(`${month.month}: ${month.days} days, ${month.precipitation} mm, up to ${month.warmest} °C`);
    },
  }),
);
console.log(`${count} months`);
