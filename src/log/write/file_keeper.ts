import type { StorageFile } from "../../storage/port.ts";
import { maybeStored } from "./append_errors.ts";

/** Owns the files that are appended to: syncs and closes them. */
export interface FileKeeper {
  /** A file was opened; nothing was appended to it yet. */
  opened(file: StorageFile): void;
  /** A file is not appended to any more. */
  retire(file: StorageFile): void;
  /** Whether a failed sync may have lost the file's name, so that nothing in it can be confirmed. */
  isInDoubt(file: StorageFile): boolean;
  /** Closes files that are not appended to any more, for want of descriptors; whether there were any. */
  closeRetired(): boolean;
  /** Prepares to close one that may be appended to again; false if that has to wait. */
  settle(file: StorageFile): boolean;
  /** A sync of the file failed; returns the error to throw. */
  syncFailed(file: StorageFile, error: unknown): unknown;
}

/** Closes files that need no sync. */
export const CLOSING_KEEPER: FileKeeper = {
  opened: () => {},
  retire: (file) => file.close(),
  isInDoubt: () => false,
  closeRetired: () => false,
  settle: () => true,
  syncFailed: (_, error) => maybeStored(error),
};
