import { rmSync } from "node:fs";
import { join } from "node:path";
import { Driver, type JsonObject } from "../../mod.ts";
import type { BenchTopic } from "../../src/ctl/bench/job.ts";

/** Calls `use` with a new topic and another one to warm up with, and removes both. */
export async function withStore<R>(
  folder: string,
  topicOptions: JsonObject,
  use: (target: Required<BenchTopic>) => Promise<R>,
): Promise<R> {
  const root = join(folder, "store");
  const options = { root_path: root };
  try {
    await using driver = await Driver.open("files", options);
    for (const topic of ["bench", "warm-up"]) await driver.createTopic(topic, topicOptions);
    return await use({ driver: "files", options, topic: "bench", warmUp: "warm-up" });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
