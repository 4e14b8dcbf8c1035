import { dirname, join, relative, sep } from "node:path";
import { clearPosition, copyFile, repairPartition, type RepairStep } from "../../log/check/mod.ts";
import { ensureDirectory } from "../../storage/port.ts";
import { writeConsumerName } from "./consumer_name.ts";
import type { TopicFiles } from "./store.ts";

/** Carries out a repair. Returns the folder with backups of every changed file. */
export async function carryOut(files: TopicFiles, steps: readonly RepairStep[]): Promise<string> {
  const moment = new Date().toISOString().replace(/[:.]/g, "-");
  const folder = join(files.path, `before-repair-${moment}`);
  const { storage } = files;
  const keep = (file: string): string => {
    const kept = join(folder, relative(files.path, file));
    // One by one: the topic's own folder must not be made again if it was deleted meanwhile.
    let path = files.path;
    for (const name of relative(path, dirname(kept)).split(sep)) {
      ensureDirectory(storage, path = join(path, name));
    }
    return kept;
  };
  for (const partition of files.partitions) {
    try {
      await repairPartition(partition, steps, keep);
    } finally {
      partition.close();
    }
  }
  const positions = new Set(steps.flatMap(({ kind, file }) => kind === "clear position" ? [file] : []));
  for (const path of positions) clearPosition(storage, path, keep);
  for (const { kind, file } of steps) {
    if (kind !== "write consumer name") continue;
    if (storage.stat(file) !== undefined) copyFile(storage, file, keep(file));
    writeConsumerName(storage, file);
  }
  return folder;
}
