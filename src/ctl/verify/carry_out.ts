import { mkdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { clearPosition, copyFile, repairPartition, type RepairStep } from "../../log/check/mod.ts";
import { nodeStorage } from "../../storage/node.ts";
import { writeConsumerName } from "./consumer_name.ts";
import type { TopicFiles } from "./store.ts";

/** Carries out a repair. Returns the folder with backups of every changed file. */
export async function carryOut(files: TopicFiles, steps: readonly RepairStep[]): Promise<string> {
  const moment = new Date().toISOString().replace(/[:.]/g, "-");
  const folder = join(files.path, `before-repair-${moment}`);
  const keep = (file: string): string => {
    const kept = join(folder, relative(files.path, file));
    mkdirSync(dirname(kept), { recursive: true });
    return kept;
  };
  for (const partition of files.partitions) {
    const own = steps.filter((step) =>
      step.kind !== "clear position" && step.partition === partition.partition
    );
    if (own.length > 0) await repairPartition(partition, own, keep);
  }
  const positions = new Set(steps.flatMap(({ kind, file }) => kind === "clear position" ? [file] : []));
  for (const path of positions) clearPosition(nodeStorage, path, keep);
  for (const { kind, file } of steps) {
    if (kind !== "write consumer name") continue;
    if (nodeStorage.stat(file) !== undefined) copyFile(nodeStorage, file, keep(file));
    writeConsumerName(file);
  }
  return folder;
}
