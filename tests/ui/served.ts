/** A server of the page in this process, and ways to send it requests. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Driver, type JsonObject, type Topic } from "../../mod.ts";
import { inspectorFor } from "../../src/ctl/ui/files_inspector.ts";
import { findingsOf } from "../../src/ctl/doctor/findings.ts";
import { topicOptionsOf } from "../../src/ctl/ui/topic_options.ts";
import { startUi, type UiOptions } from "../../src/ui/server.ts";

/** What a test works with. */
export interface Served {
  driver: Driver;
  /** The folder of the store. */
  root: string;
  /** URL of the page, ending with a slash. */
  url: string;
  /** Requests JSON; throws for an error status. */
  get<T>(path: string): Promise<T>;
  /** Sends a request, whatever the response. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Creates a topic with events. */
  fill(name: string, options: JsonObject, push: (topic: Topic) => void | Promise<void>): Promise<void>;
}

/** Serves a separate store for the duration of a test. */
export async function serve(
  use: (served: Served) => Promise<void>,
  options: Partial<UiOptions> = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-ui-"));
  const root = join(folder, "store");
  try {
    await using own = await Driver.open("files", { root_path: root });
    const driver = options.driver ?? own;
    const inspector = inspectorFor(driver.name);
    await using server = await startUi({
      driver,
      place: root,
      version: "1.2.3",
      host: "127.0.0.1",
      port: 0,
      words: ["--store", root],
      topicOptions: topicOptionsOf(driver.name),
      doctor: () =>
        findingsOf({
          driver: "files",
          rootPath: root,
          open: () => Driver.open("files", { root_path: root }),
        }),
      ...(inspector === undefined ? {} : { inspector }),
      ...options,
    });
    const url = `http://127.0.0.1:${server.port}/`;
    const ask = (path: string, init?: RequestInit): Promise<Response> =>
      fetch(url + path, { ...init, headers: { "x-diaspora-ui": "1", ...init?.headers } });
    await use({
      driver,
      root,
      url,
      fetch: ask,
      get: async <T>(path: string) => {
        const response = await ask(path);
        const text = await response.text();
        if (!response.ok) throw new Error(`${response.status}: ${text}`);
        return JSON.parse(text) as T;
      },
      fill: async (name, topicOptions, push) => {
        await driver.createTopic(name, topicOptions);
        await using topic = await driver.openTopic(name);
        await push(topic);
      },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits for the clock's next millisecond: events stored from now on have later times than those before. */
export function later(): void {
  const now = Date.now();
  while (Date.now() === now);
}

/** Pushes that many events, later than all before; every tenth has data. */
export async function pushMany(topic: Topic, count: number, from = 0): Promise<void> {
  later();
  await using producer = topic.producer();
  for (let n = from; n < from + count; n++) {
    producer.push(
      { n, kind: n % 3 === 0 ? "third" : "other" },
      n % 10 === 0 ? new Uint8Array(n % 97 + 1).fill(n) : undefined,
    );
  }
  await producer.flush();
}
