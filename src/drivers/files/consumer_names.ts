/**
 * Consumer names as folder names. A consumer name may contain anything; the folder name has only lower-case
 * letters, digits and `%XX`, so that no file system confuses two of them, reserves one as a device name or changes
 * it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { crc32 } from "../../log/mod.ts";
import { checkConsumerName } from "../../names.ts";

const FOLDER_NAME_LENGTH_MAX = 200;
/** How many characters of a long name appear in its folder name. */
const SHOWN_LENGTH_MAX = 100;

/** A folder that may contain a consumer's positions. */
interface ConsumerFolderName {
  folder: string;
  /** Whether the folder name contains the whole consumer name; for long names it has a prefix and a hash. */
  isSpelledOut: boolean;
  /** Whether no other name can have this folder: a checksum of 32 bits, as in earlier versions, does not suffice. */
  isUnique: boolean;
  /** The naming scheme of earlier versions: still found, but no longer created. */
  isFormer: boolean;
}

/** The folders that may contain a name's positions, most likely first. */
export function foldersOf(name: string): ConsumerFolderName[] {
  // All lone surrogates would be encoded alike. The API rejects them, and control characters.
  if (!name.isWellFormed()) checkConsumerName(name);
  const spelled = spell(name);
  const former = formerFolders(name);
  const names = [
    { folder: spelled, isSpelledOut: true, isUnique: true, isFormer: false },
    ...former.map((folder) => {
      const isSpelledOut = !folder.includes("~");
      return { folder, isSpelledOut, isUnique: isSpelledOut, isFormer: true };
    }),
    // Also used if a folder by an earlier version for another name collides, on a case-insensitive file system.
    { folder: hashed(name, spelled), isSpelledOut: false, isUnique: true, isFormer: false },
  ];
  return names.filter(({ folder, isFormer }) =>
    folder.length <= FOLDER_NAME_LENGTH_MAX && !(isFormer && folder === spelled)
  );
}

/** Whether a folder may be that of a name, as it is stored there or damaged. */
export function canBeIn(name: string, folder: string): boolean {
  return foldersOf(name).some((each) => each.folder === folder);
}

/** The consumer name of a folder; undefined for a long name, of which the folder has only a prefix. */
export function nameOfFolder(folder: string): string | undefined {
  try {
    const name = decodeURIComponent(folder);
    const known = foldersOf(name).find((each) => each.folder === folder);
    return known?.isSpelledOut ? name : undefined;
  } catch {
    return undefined;
  }
}

/** Device names of Windows, as encoded by `spell`. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)/;

function spell(name: string): string {
  const spelled = encodeURIComponent(name).replace(
    /%..|[^a-z0-9_.-]/g,
    (part) => part.length > 1 ? part : percent(part),
  );
  // Encodes a dot at either end, and the first letter of a device name.
  return spelled.replace(/^\.|\.$/g, percent).replace(
    DEVICE,
    (device) => percent(device.charAt(0)) + device.slice(1),
  );
}

function hashed(name: string, spelled: string): string {
  return `${spelled.slice(0, SHOWN_LENGTH_MAX)}~${createHash("sha256").update(name).digest("hex")}`;
}

/** Folder names of earlier versions: the usual one, and the one used when two collided on a file system. */
function formerFolders(name: string): string[] {
  const encoded = encodeURIComponent(name).replace(/[!'()*~]/g, percent).replace(/^\./, percent);
  const crc = crc32(new TextEncoder().encode(name)).toString(16).padStart(8, "0");
  return [encoded, `${encoded.slice(0, FOLDER_NAME_LENGTH_MAX - 9)}~${crc}`];
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
