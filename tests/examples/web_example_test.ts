import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { start, until } from "../cli/program.ts";
import { test } from "../harness.ts";
import { RUNTIMES } from "./runtimes.ts";

const SERVE = fileURLToPath(new URL("../../examples/web/serve.ts", import.meta.url));
const LIMIT_MS = 20_000;

async function serving(runtime: string, store: string, use: (url: string) => Promise<void>): Promise<void> {
  const service = start([...RUNTIMES[runtime], SERVE, store, "0"]);
  try {
    await until("it serves", () => service.stdout().includes("http://"));
    await use(service.stdout().trim());
  } finally {
    service.signal("SIGTERM");
    await service.ended;
  }
}

async function post(
  url: string,
  body: unknown,
): Promise<{ status: number; answer: { id?: number; error?: string } }> {
  const response = await fetch(`${url}/readings`, {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  return { status: response.status, answer: await response.json() };
}

/** Reads a stream of events until that many have arrived. */
async function live(url: string, count: number, lastId?: number): Promise<{ id: number; data: string }[]> {
  const gone = new AbortController();
  const headers: HeadersInit = lastId === undefined ? {} : { "Last-Event-ID": String(lastId) };
  const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(LIMIT_MS)]);
  const response = await fetch(`${url}/readings/live`, { headers, signal });
  assertMatch(response.headers.get("content-type") ?? "", /^text\/event-stream/);
  let text = "";
  const events = () =>
    [...text.matchAll(/data: (.*)\nid: (\d+)\n\n/g)].map(([, data, id]) => ({ id: Number(id), data }));
  const decoder = new TextDecoder();
  for await (const piece of response.body!) {
    text += decoder.decode(piece, { stream: true });
    if (events().length >= count) break;
  }
  gone.abort();
  return events();
}

test("the web example stores what fits its schema, refuses what does not, and streams, on every runtime", async () => {
  const store = mkdtempSync(join(tmpdir(), "diaspora-web-"));
  try {
    let next = 0;
    for (const runtime of Object.keys(RUNTIMES)) {
      await serving(runtime, store, async (url) => {
        const waiting = live(url, 2, next - 1);
        for (const celsius of [20, 21]) {
          assertEquals(await post(url, { sensor: "roof", celsius }), { status: 201, answer: { id: next++ } });
        }
        const hot = await post(url, { sensor: "roof", celsius: 2100 });
        assertEquals(hot.status, 400);
        assertStringIncludes(hot.answer.error ?? "", "celsius");
        assertEquals((await post(url, "no JSON")).status, 400);
        assertEquals((await waiting).map(({ id }) => id), [next - 2, next - 1]);
        // A browser that reconnects gets the events after the last one it received, and none twice.
        const later = await live(url, 1, next - 2);
        assertEquals(later, [{ id: next - 1, data: '{"sensor":"roof","celsius":21}' }]);
        const all = await (await fetch(`${url}/readings`, { signal: AbortSignal.timeout(LIMIT_MS) })).json();
        assertEquals(all.length, next);
      });
    }
    assert(next === 2 * Object.keys(RUNTIMES).length);
  } finally {
    rmSync(store, { recursive: true });
  }
});
