// A page on another site could ask the server of the web page for data by an address with an escaped letter
// (`/%61pi/topics`): it was decoded after the check of where the request came from. `//` was an internal error, an event
// whose number was left out was event 0, and bytes after the end of a data part were refused with "has 5 bytes, not 5".
// And the address of a page of a thousand partitions was too long for a request once they had a million events each.
import { assert, assertEquals, assertLess } from "@std/assert";
import { request } from "node:http";
import { withQuery } from "../../page/api.ts";
import { test } from "../harness.ts";
import { serve } from "../ui/served.ts";

/** The status and the text of the answer to a request, whose path is sent as it is. */
function answerOf(
  url: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<[status: number, text: string]> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    request({ hostname, port, path, headers }, (response) => {
      let text = "";
      response.on("data", (piece) => text += piece);
      response.on("end", () => resolve([response.statusCode!, text]));
    }).on("error", reject).end();
  });
}

test("data is refused to other sites, however its path is written", () =>
  serve(async ({ url }) => {
    for (const path of ["/api/store", "/%61pi/store", "/api/%73tore", "/%61pi/%73tore", "/%2e/api/store"]) {
      const [status] = await answerOf(url, path, { "sec-fetch-site": "cross-site" });
      assert(status === 403 || status === 404, `${path}: ${status}`);
    }
    assertEquals((await answerOf(url, "/api/store", { "sec-fetch-site": "same-origin" }))[0], 200);
  }));

test("what is not a path, an event or a part of its data is refused as such", () =>
  serve(async ({ url, fill }) => {
    await fill("t", { num_partitions: 1 }, async (topic) => {
      await using producer = topic.producer();
      await producer.push({}, new Uint8Array(5));
    });
    assertEquals(await answerOf(url, "//"), [400, '{"fault":"\\"//\\" is not a path"}']);
    const events = "/api/topics/t/partitions";
    assertEquals(await answerOf(url, `${events}/0/events/0`), [200, "{}"]);
    for (const path of ["//events/", "/0/events/0x0", "/0/events/0e1", "/0/events/-1", "/-0/events/0"]) {
      assertEquals((await answerOf(url, events + path))[0], 404, path);
    }
    const data = `${events}/0/events/0/data`;
    assertEquals((await answerOf(url, `${data}?offset=5`))[0], 200);
    assertEquals(
      await answerOf(url, `${data}?offset=9`),
      [400, '{"fault":"The data part has 5 bytes, not 9"}'],
    );
  }));

test("the address of a page of many partitions is short enough for a request", () => {
  const older = Array.from({ length: 1000 }, (_, partition) => `${partition}:${1e9}`).join(",");
  const text = "é:,%2C%&+ ";
  const address = withQuery("/api/topics/t/latest", { older, text });
  // With 16 KiB for the head of a request, the rest is for what a browser adds.
  assertLess(address.length, 15_500);
  const { searchParams } = new URL(address, "http://localhost");
  assertEquals([searchParams.get("older"), searchParams.get("text")], [older, text]);
});
