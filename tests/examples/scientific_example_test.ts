import { assertEquals, assertMatch } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Frame,
  PIXEL_BYTES,
  REGION_SIDE,
  regionOf,
  selectRegion,
  SIDE,
  simulate,
  sumOf,
} from "../../examples/scientific/frame.ts";
import { Driver } from "../../mod.ts";
import { start, until } from "../cli/program.ts";
import { test } from "../harness.ts";
import { RUNTIMES } from "./runtimes.ts";

const at = (name: string): string =>
  fileURLToPath(new URL(`../../examples/scientific/${name}`, import.meta.url));
const LIMIT_MS = 20_000;

/** The counts in the region of a frame, from its whole raster. */
function countsIn({ metadata, raster }: ReturnType<typeof simulate>): number {
  const { x, y } = regionOf(metadata);
  let sum = 0;
  for (let row = y; row < y + REGION_SIDE; row++) {
    const offset = (row * SIDE + x) * PIXEL_BYTES;
    sum += sumOf(raster.subarray(offset, offset + REGION_SIDE * PIXEL_BYTES));
  }
  return sum;
}

test("the scientific example's points are those of the region around the peak, on every runtime", async () => {
  for (const runtime of Object.keys(RUNTIMES)) {
    const store = mkdtempSync(join(tmpdir(), "diaspora-run-"));
    try {
      const { code, stdout } = await start([...RUNTIMES[runtime], at("instrument.ts"), store, "30", "0"])
        .ended;
      assertEquals(code, 0);
      assertMatch(stdout, /: 30 frames are on disk\n$/);
      const watching = start([...RUNTIMES[runtime], at("watch.ts"), store, "0"]);
      try {
        await until("it serves", () => watching.stdout().includes("http://"));
        const signal = AbortSignal.timeout(LIMIT_MS);
        const response = await fetch(`${watching.stdout().trim()}/points`, { signal });
        let text = "";
        const decoder = new TextDecoder();
        for await (const piece of response.body!) {
          text += decoder.decode(piece, { stream: true });
          if (text.includes("id: 29\n")) break;
        }
        const points = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data).counts);
        const expected = Array.from({ length: 30 }, (_, frame) => countsIn(simulate("", frame)));
        assertEquals(points, expected);
      } finally {
        watching.signal("SIGTERM");
        await watching.ended;
      }
    } finally {
      rmSync(store, { recursive: true });
    }
  }
});

test("its selector reads the region of interest only", async () => {
  await using driver = await Driver.open("memory", {});
  await driver.createTopic("frames", {});
  await using topic = await driver.openTopic<Frame>("frames");
  const { metadata, raster } = simulate("run", 7);
  await topic.producer().push(metadata, raster);
  const event = await topic.consumer("c", { dataSelector: selectRegion }).pull();
  assertEquals(event.data?.byteLength, REGION_SIDE * REGION_SIDE * PIXEL_BYTES);
  assertEquals(event.dataDescriptor.size, SIDE * SIDE * PIXEL_BYTES);
});
