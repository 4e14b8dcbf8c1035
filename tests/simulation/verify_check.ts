import type { Finding } from "../../src/log/check/mod.ts";
import { verifyPartition } from "../../src/log/check/mod.ts";
import type { Storage } from "../../src/storage/port.ts";
import { BrokenPromise } from "./model/broken_promise.ts";
import type { World } from "./world.ts";

/** Verifies a partition, which others may use meanwhile: what is called damage must be. */
export async function checkVerify(world: World, partition: number, storage?: Storage): Promise<void> {
  const log = world.openPartition(partition, storage);
  try {
    for await (const finding of verifyPartition(log)) checkFinding(world, finding);
  } finally {
    log.close();
  }
}

function checkFinding({ model }: World, finding: Finding): void {
  const { severity, kind, reason, partition, firstId, endId, file } = finding;
  if (severity === "torn") return;
  // The system may refuse a read; a file that was removed is no one's loss.
  if (severity === "unreadable" && !reason.includes("ENOENT")) return;
  // A power cut damages what was not synced: no event that is still promised.
  if (model.hadPowerCut) return model.checkLost(partition, firstId, endId, `is called damaged (${reason})`);
  // An index is a hint, and its entries are cut short like everything that is appended.
  if (kind === "index" && reason === "index checksum differs") return;
  // An append in two parts, with a few bytes of another one in between: only its first bytes are damaged.
  if (kind === "frame header" && severity === "redundant") return;
  throw new BrokenPromise(`verify finds ${severity} (${kind}) at event ${firstId}: ${reason} in ${file}`);
}
