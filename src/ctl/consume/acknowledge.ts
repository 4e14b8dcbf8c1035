import { type Event, PartitionMovedError } from "../../../mod.ts";
import type { Log } from "../console/log.ts";
import { oneLine } from "../report.ts";

/** Acknowledges an event as a member of a group; if its partition was reassigned, the new owner gets it again. */
export async function acknowledgeInGroup(event: Event, log: Log): Promise<void> {
  try {
    await event.acknowledge();
  } catch (error) {
    if (!(error instanceof PartitionMovedError)) throw error;
    log.warn(oneLine(error));
  }
}
