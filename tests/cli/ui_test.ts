// diaspora-ctl ui as users start it, and as the compiled program.
import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { fileURLToPath } from "node:url";
import { PAGE_FILES } from "../../src/ui/page_files.ts";
import type { EventsView, Page, StoreView, TopicLine } from "../../src/ui/contract.ts";
import { test } from "../harness.ts";
import { ctl, type Running, startCtl, until, withFolder } from "./program.ts";

/** Serves the page for a new store with three events in topic "t", and stops it afterwards. */
async function withPage(
  words: readonly string[],
  use: (page: { url: URL; running: Running; store: string[] }) => Promise<void>,
): Promise<void> {
  await withFolder(async ({ driver: store }) => {
    await ctl(["topic", "create", "t", ...store]);
    await ctl(["produce", "t", ...store], { input: '{"n":1}\n{"n":2}\n{"n":3}\n' });
    const running = startCtl(["ui", ...store, "--port", "0", ...words]);
    try {
      await until("the address is printed", () => running.stdout().endsWith("\n"));
      await use({ url: new URL(running.stdout().trim()), running, store });
    } finally {
      running.signal("SIGKILL");
      await running.ended;
    }
  });
}

async function json<T>(response: Promise<Response>): Promise<T> {
  return await (await response).json() as T;
}

test("ui serves the page and its data to this machine until it is stopped", async () => {
  await withPage([], async ({ url, running }) => {
    assertMatch(url.href, /^http:\/\/localhost:\d+\/$/);
    for (const [path, { text }] of Object.entries(PAGE_FILES)) {
      assertEquals(await (await fetch(new URL(path, url))).text(), text, path);
    }
    const [line] = (await json<Page<TopicLine>>(fetch(new URL("api/topics", url)))).items;
    assertEquals([line.name, line.totals?.events], ["t", 3]);
    const { events } = await json<EventsView>(fetch(new URL("api/topics/t/latest", url)));
    assertEquals(events.map(({ metadata }) => metadata), ['{"n":1}', '{"n":2}', '{"n":3}']);
    const verified = await fetch(new URL("api/topics/t/verify", url), {
      method: "POST",
      headers: { "x-diaspora-ui": "1" },
    });
    assertEquals(verified.status, 200);
    await verified.body?.cancel();
    const tail = await fetch(new URL("api/topics/t/live", url));
    running.signal("SIGTERM");
    // An open live tail does not keep it running.
    await tail.text();
    const { code, stderr } = await running.ended;
    assertEquals([code, stderr.includes("error")], [0, false], stderr);
  });
});

test("ui asks other machines for the token in its address, once", async () => {
  const tokens = new Set<string>();
  for (const words of [["--host", "0.0.0.0"], ["--token", "random"]]) {
    await withPage(words, async ({ url }) => {
      const token = url.searchParams.get("token")!;
      assert(token.length >= 20);
      tokens.add(token);
      const home = `http://127.0.0.1:${url.port}/`;
      for (
        const path of ["", "page.js", "api/topics", "?token=guessed", `api/topics?token=${token.slice(1)}`]
      ) {
        const response = await fetch(home + path, { redirect: "manual" });
        assertEquals([path, response.status], [path, 401]);
        assertStringIncludes(await response.text(), "A token is needed");
      }
      const welcome = await fetch(home + url.search, { redirect: "manual" });
      assertEquals([welcome.status, welcome.headers.get("location")], [303, "/"]);
      await welcome.body?.cancel();
      const cookie = welcome.headers.get("set-cookie")!.split(";")[0];
      const store = await json<StoreView>(fetch(`${home}api/store`, { headers: { cookie } }));
      assertEquals(store.driver, "files");
    });
  }
  assertEquals(tokens.size, 2);
});

test("ui reports an invalid address, token or store, and does not start", async () => {
  await withPage([], async ({ url, store }) => {
    const taken = await ctl(["ui", ...store, "--port", url.port]);
    assertEquals([taken.code, taken.stdout], [1, ""]);
    assertStringIncludes(taken.stderr, `port ${url.port}: another program uses it`);
    for (
      const [words, what] of [
        [["--token", "guess"], '"--token" takes "random" or at least 16 characters'],
        [["--token", ""], '"--token" takes "random" or at least 16 characters'],
        [["--token", "sixteen characters é"], "of ASCII without spaces"],
        [["--host", ""], '"--host" is empty'],
        [["--port", "65536"], '"--port" takes a number up to 65535'],
        [["--hots", "::1"], '"--host"'],
      ] as const
    ) {
      const { code, stdout, stderr } = await ctl(["ui", ...store, ...words]);
      assertEquals([code, stdout], [2, ""], stderr);
      assertStringIncludes(stderr, what);
    }
    assertNotEquals((await ctl(["ui", "--driver", "nothing"])).code, 0);
    const none = await ctl(["ui", "--store", fileURLToPath(import.meta.url)]);
    assertEquals([none.code, none.stdout], [4, ""]);
    assertStringIncludes(none.stderr, "it is not a folder");
  });
});
