import { StorageError } from "../../errors.ts";

/** The error of an append to a file that was removed while it was open. */
export function fileRemoved(path: string): StorageError {
  return new StorageError("ENOENT", `Cannot append to "${path}": the file was removed`);
}

/** The error of an append whose writes the system cut short. */
export function cutShort(path: string, writes: number): StorageError {
  return new StorageError(
    "ENOSPC",
    `Cannot append to "${path}": the system took only a part of each of ${writes} writes; make room and push again`,
    { canRetry: true },
  );
}

/** The same error, saying that the frame may have been stored. */
export function maybeStored(error: unknown): unknown {
  if (!(error instanceof StorageError) || error.mayBeStored) return error;
  const message =
    `${error.message}: the event may have been stored; check whether it is there before pushing it again`;
  return new StorageError(error.errno, message, { cause: error, mayBeStored: true });
}
