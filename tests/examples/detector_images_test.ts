// The example's images are real, so the expected output is computed from the files themselves.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run, RUNTIMES } from "../components/runtimes.ts";
import { test } from "../harness.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const SHOTS = 7;

/** What the watcher must print about an image, computed from the whole of it. */
function expected(subject: string): { line: string; bytes: number; allBytes: number } {
  const file = join(root, `node_modules/vega-datasets/data/${subject}.json`);
  const { width, height, values } = JSON.parse(readFileSync(file, "utf8"));
  const [w, h] = [Math.floor(width / 3), Math.floor(height / 3)];
  const [x, y] = [Math.floor((width - w) / 2), Math.floor((height - h) / 2)];
  const inside = (values as number[]).filter((_, at) => {
    const [column, row] = [at % width, Math.floor(at / width)];
    return column >= x && column < x + w && row >= y && row < y + h;
  });
  const mean = inside.reduce((sum, value) => sum + value, 0) / inside.length;
  const peak = Math.max(...inside);
  return {
    line: `${subject}: ${SHOTS} images; in the middle the mean is ${mean.toFixed(1)}, the peak ${peak}`,
    bytes: inside.length * 2 * SHOTS,
    allBytes: values.length * 2 * SHOTS,
  };
}

const circle = Object.keys(RUNTIMES);
for (const [index, detector] of circle.entries()) {
  const watcher = circle[(index + 1) % circle.length];
  test(`images pushed by ${detector} are watched in part by ${watcher}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "diaspora-images-"));
    try {
      const example = (runtime: string, file: string, ...rest: string[]) =>
        run([...RUNTIMES[runtime], join(root, "examples/detector_images", file), folder, ...rest], root);
      const pushed = await example(detector, "detector.ts", String(SHOTS));
      assertEquals(pushed.code, 0, pushed.errors);
      const watched = await example(watcher, "watch_region.ts");
      assertEquals(watched.code, 0, watched.errors);
      const subjects = ["volcano", "annual-precip"].map(expected);
      for (const { line } of subjects) assertStringIncludes(watched.output, `${line}\n`);
      const [bytes, allBytes] = (["bytes", "allBytes"] as const).map((key) =>
        subjects.reduce((sum, subject) => sum + subject[key], 0)
      );
      assertStringIncludes(watched.output, `\n${bytes} of ${allBytes} bytes of pixels were delivered\n`);
      assertStringIncludes(pushed.output, `pushed ${2 * SHOTS} images, ${allBytes} bytes of pixels`);
      // The watcher acknowledges every tenth image; of seven it starts with the first again.
      assertEquals((await example(watcher, "watch_region.ts")).output, watched.output);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
