import { InvalidConsumerNameError, InvalidTopicNameError } from "./errors.ts";
import { counted } from "./text/counted.ts";

/** Maximum length of a topic's name. */
export const TOPIC_NAME_BYTES_MAX = 200;
const FILE_NAME_BYTES_MAX = 255;
/** Maximum length of a consumer's name. */
export const CONSUMER_NAME_BYTES_MAX = 1000;

const encoder = new TextEncoder();

/** Throws `InvalidTopicNameError` unless the name can be a folder name on every system. */
export function checkTopicName(name: unknown): asserts name is string {
  const fault = faultOf(name, TOPIC_NAME_BYTES_MAX) ?? faultOfFolder(name as string);
  if (fault !== undefined) throw new InvalidTopicNameError(String(name), fault);
}

/** Whether the name is a valid topic name. */
export function isTopicName(name: string): boolean {
  return (faultOf(name, TOPIC_NAME_BYTES_MAX) ?? faultOfFolder(name)) === undefined;
}

/**
 * Throws `InvalidTopicNameError` for the name of a new topic that some system could not store as a folder, or
 * would store under another name. Topics created before this check existed keep their names.
 */
export function checkNewTopicName(name: unknown): asserts name is string {
  checkTopicName(name);
  const fault = faultOfPortability(name);
  if (fault !== undefined) throw new InvalidTopicNameError(name, `${fault}; choose another name`);
}

/**
 * Throws `InvalidTopicNameError` if a new topic's name and an existing one differ only in what some file systems
 * do not distinguish: letter case, Unicode normalization, and invisible characters.
 */
export function checkUnique(name: string, others: Iterable<string>): void {
  const folded = fold(name);
  for (const other of others) {
    if (other === name || fold(other) !== folded) continue;
    throw new InvalidTopicNameError(
      name,
      `"${other}" exists, and some systems do not distinguish the two; choose another name`,
    );
  }
}

/** Other spellings of a name under which a file system may find the same folder. */
export function otherSpellings(name: string): string[] {
  const spellings = [
    name.toUpperCase(),
    name.toLowerCase(),
    name.normalize("NFC"),
    name.normalize("NFD"),
    name.replace(/[. ]+$/, ""),
  ];
  // No file system supports longer names.
  const canBe = (spelling: string) =>
    spelling !== "" && encoder.encode(spelling).byteLength <= FILE_NAME_BYTES_MAX;
  return [...new Set(spellings)].filter((spelling) => spelling !== name && canBe(spelling));
}

/**
 * Throws `InvalidConsumerNameError` for a name that is empty, too long or cannot be encoded. Path separators are
 * allowed.
 */
export function checkConsumerName(name: unknown): asserts name is string {
  const fault = faultOf(name, CONSUMER_NAME_BYTES_MAX);
  if (fault === undefined) return;
  const remedy = typeof name === "string" ? "" : "; the name comes first: topic.consumer(name, options)";
  throw new InvalidConsumerNameError(String(name), fault + remedy);
}

function faultOf(name: unknown, bytesMax: number): string | undefined {
  if (typeof name !== "string") return `expected text, found ${name === null ? "null" : typeof name}`;
  if (name === "") return "it is empty";
  if (!name.isWellFormed()) return "it has half a surrogate pair";
  if (/\p{Cc}/u.test(name)) return "it has a control character";
  const bytes = encoder.encode(name).byteLength;
  if (bytes > bytesMax) return `it has ${counted(bytes, "byte")}, at most ${bytesMax} are possible`;
  return undefined;
}

function faultOfFolder(name: string): string | undefined {
  if (name.startsWith(".")) return "it begins with a dot";
  if (/[/\\]/.test(name)) return "it has a path separator";
  return undefined;
}

/** Device names on Windows: reserved with any extension, in every folder. */
const DEVICE =
  /^(con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]|conin\$|conout\$) *(\.|$)/i;

function faultOfPortability(name: string): string | undefined {
  const character = /[<>:"|?*]/.exec(name)?.[0];
  if (character !== undefined) return `it has ${JSON.stringify(character)}, which Windows allows in no name`;
  if (/[. ]$/.test(name)) return "it ends with a dot or a space, which Windows drops";
  if (DEVICE.test(name)) return "it is the name of a device on Windows";
  return undefined;
}

/** The part of a name that every file system distinguishes. */
function fold(name: string): string {
  const shown = name.replace(/\p{Default_Ignorable_Code_Point}/gu, "");
  // Lower case comes first as well: the capital sharp s has no upper case, and only its lower case has "SS".
  return shown.normalize("NFD").toLowerCase().toUpperCase().toLowerCase().normalize("NFC");
}
