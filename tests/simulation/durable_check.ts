import { PartitionReader } from "../../src/log/read/reader.ts";
import { DurableView } from "./disk/durable_view.ts";
import { BrokenPromise } from "./model/broken_promise.ts";
import type { Push } from "./model/push.ts";
import type { World } from "./world.ts";

/**
 * Reads an event that was just confirmed from what the disk has: a sync may have failed that covered a part of
 * it, and only a power cut that destroys these very pages would show that in what processes see.
 */
export function checkIsOnDisk(world: World, { partition, id, key }: Push): void {
  if (id! < world.model.partitions[partition].removedTo) return;
  const log = world.openPartition(partition, new DurableView(world.disk.names.root));
  const reader = new PartitionReader(log, { dataWanted: true, onCorruption: "skip" });
  let why: unknown;
  try {
    reader.seek({ id: id! });
    const batch = reader.read(1);
    if (batch !== undefined && batch.baseId === id && world.readEvent(batch, 0) !== undefined) return;
  } catch (error) {
    why = error;
  } finally {
    log.close();
  }
  throw new BrokenPromise(`event ${id} (${key}) was confirmed, and the disk lacks it: ${why}`);
}
