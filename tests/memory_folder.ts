/**
 * Where tests put files that are synced thousands of times, when a sync means nothing to them: in memory, if the system
 * has such a folder with room, else where all temporary files go.
 */
import { accessSync, constants, statfsSync } from "node:fs";
import { tmpdir } from "node:os";

const FOLDER = "/dev/shm";
const BYTES_MIN = 1 << 30;

/** The folder. */
export const memoryFolder: string = hasRoom() ? FOLDER : tmpdir();

function hasRoom(): boolean {
  try {
    accessSync(FOLDER, constants.W_OK);
    const { bavail, bsize } = statfsSync(FOLDER);
    return bavail * bsize >= BYTES_MIN;
  } catch {
    return false;
  }
}
