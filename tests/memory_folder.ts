/**
 * Where tests put files that are synced thousands of times, if the syncs do not matter to them: in memory, if
 * the system has a suitable folder with enough space, otherwise in the folder for temporary files.
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
