/**
 * Names of consumers as names of folders. A name may hold anything; the folder's name has lower-case letters, digits
 * and `%XX`, so that no disk takes two of them for one or for a device, and none writes them otherwise.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { crc32 } from "../../log/mod.ts";
import { checkConsumerName } from "../../names.ts";

const FOLDER_NAME_LENGTH_MAX = 200;
/** How much of a long name its folder shows. */
const SHOWN_LENGTH_MAX = 100;

/** A folder that a consumer's positions may be in. */
export interface ConsumerFolderName {
  folder: string;
  /** Whether the name can be read off the folder; of a long name the folder has the beginning and a hash. */
  isSpelledOut: boolean;
  /** How earlier versions named it: found, but not made any more. */
  isFormer: boolean;
}

/** The folders that a name's positions may be in, the likeliest first. */
export function foldersOf(name: string): ConsumerFolderName[] {
  // Halves of characters would all be written as the same one. The API refuses them, with control characters.
  if (!name.isWellFormed()) checkConsumerName(name);
  const spelled = spell(name);
  const former = formerFolders(name);
  const names = [
    { folder: spelled, isSpelledOut: true, isFormer: false },
    ...former.map((folder) => ({ folder, isSpelledOut: !folder.includes("~"), isFormer: true })),
    // Also where an earlier version's folder of another name stands in the way, on a disk that takes "a" for "A".
    { folder: hashed(name, spelled), isSpelledOut: false, isFormer: false },
  ];
  return names.filter(({ folder, isFormer }) =>
    folder.length <= FOLDER_NAME_LENGTH_MAX && !(isFormer && folder === spelled)
  );
}

/** The name that a folder was made from; undefined for a long one, of which it has the beginning alone. */
export function nameOfFolder(folder: string): string | undefined {
  try {
    const name = decodeURIComponent(folder);
    const known = foldersOf(name).find((each) => each.folder === folder);
    return known?.isSpelledOut ? name : undefined;
  } catch {
    return undefined;
  }
}

/** Device names of Windows, as `spell` leaves them. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?=\.|$)/;

function spell(name: string): string {
  let spelled = "";
  for (const byte of new TextEncoder().encode(name)) {
    const character = String.fromCharCode(byte);
    spelled += /[a-z0-9_.-]/.test(character) ? character : percent(character);
  }
  // A dot at either end, and the first letter of a device's name.
  return spelled.replace(/^\.|\.$/g, percent).replace(
    DEVICE,
    (device) => percent(device.charAt(0)) + device.slice(1),
  );
}

function hashed(name: string, spelled: string): string {
  return `${spelled.slice(0, SHOWN_LENGTH_MAX)}~${createHash("sha256").update(name).digest("hex")}`;
}

/** As earlier versions named it, and what the second of two such names got on a disk that takes them for one. */
function formerFolders(name: string): string[] {
  const encoded = encodeURIComponent(name).replace(/[!'()*~]/g, percent).replace(/^\./, percent);
  const crc = crc32(new TextEncoder().encode(name)).toString(16).padStart(8, "0");
  return [encoded, `${encoded.slice(0, FOLDER_NAME_LENGTH_MAX - 9)}~${crc}`];
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
