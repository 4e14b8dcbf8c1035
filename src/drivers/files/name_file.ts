import { listIfThere, type Storage } from "../../storage/port.ts";

/** File with the consumer's name, which tells the folder from another consumer's and from an incomplete leftover. */
export const NAME_FILE = "name";
/** Names are shorter than this; a longer file is not a name. */
const NAME_BYTES_MAX = 4096;
/** A name may begin with U+FEFF, which is a byte order mark at the start of other texts. */
const nameDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Whether positions are stored in a folder. */
export function hasPositions(storage: Storage, path: string): boolean {
  return listIfThere(storage, path).some((file) => file.endsWith(".pos"));
}

/** The consumer name stored in a folder; undefined if there is none. */
export function readName(storage: Storage, path: string): string | undefined {
  const bytes = storage.readWhole(`${path}/${NAME_FILE}`, NAME_BYTES_MAX);
  return bytes === undefined ? undefined : nameDecoder.decode(bytes);
}
