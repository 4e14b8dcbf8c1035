import { SimulatedDisk } from "../simulation/disk/disk.ts";
import { SimulatedProcess } from "../simulation/disk/process.ts";

/** The files of a disk, by path. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** A disk without faults, with these folders. */
export function emptyDisk(folders: readonly string[]): { disk: SimulatedDisk; storage: SimulatedProcess } {
  const disk = new SimulatedDisk(1);
  const storage = new SimulatedProcess(disk);
  for (const folder of folders) storage.makeDirectory(folder);
  return { disk, storage };
}

/** Every file of a disk. */
export function filesOf(disk: SimulatedDisk): Files {
  return new Map(
    disk.names.files().map((path) => {
      const inode = disk.names.file(path);
      return [path, inode.read(0, inode.size)];
    }),
  );
}

/** A separate disk with these files. */
export function diskWith(folders: readonly string[], files: Files): ReturnType<typeof emptyDisk> {
  const made = emptyDisk(folders);
  for (const [path, content] of files) made.storage.publish(path, content);
  return made;
}
