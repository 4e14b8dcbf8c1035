/**
 * Paths under `root_path`:
 *
 * ```text
 * <topic>/topic.json  validator.json  serializer.json  partition-selector.json
 * <topic>/id-0123456789abcdef                                     its identity, see `identity.ts`
 * <topic>/partitions/00000000/00000000000000000000.log  .idx      a folder per partition, a file per segment
 * <topic>/partitions/00000000.lock                                exists during an append with use_file_locking
 * <topic>/consumers/<encoded name>/name  00000000.pos             positions, a file per partition
 * <topic>/consumers/<encoded name>/id-0123456789abcdef            its identity, likewise
 * <topic>/consumers/<encoded name>/group/0000000000000042.json    members and their partitions, see `groups/`
 * <topic>/consumers/<encoded name>/group/members/<id>             a number that grows while a member lives
 * <topic>/consumers/<encoded name>/seek/0123456789abcdef.json     exists during a seek over several partitions
 * .creating-*  .deleting-*                                        topics being created or removed, which do not exist
 * ```
 *
 * @module
 */
import { isNestedTooDeeply, isObject, JSON_DEPTH_MAX, type JsonObject } from "../../json.ts";
import { listIfThere, type Storage } from "../../storage/port.ts";
import { LimitExceededError, StorageError, UnsupportedFormatError } from "../../errors.ts";
import { show } from "../../options.ts";
import { counted } from "../../text/counted.ts";

/** Version of the folder's layout, as `topic.json` states it. */
export const LAYOUT_VERSION = 1;

export const TOPIC_FILE = "topic.json";
export const VALIDATOR_FILE = "validator.json";
export const SERIALIZER_FILE = "serializer.json";
export const SELECTOR_FILE = "partition-selector.json";

/** Folder name of a partition: eight digits. */
export function partitionName(partition: number): string {
  return String(partition).padStart(8, "0");
}

export function isPartitionName(name: string): boolean {
  return /^\d{8}$/.test(name);
}

/**
 * The names of a topic's partition folders; none if another process has deleted it. A link in the place of one is left
 * out: it could lead to the log of another store. `listed` are the names that may be theirs, if the caller has them.
 */
export function ownPartitions(storage: Storage, path: string, listed?: readonly string[]): string[] {
  const isFolder = (...parts: string[]) => storage.stat([path, ...parts].join("/"))?.kind === "directory";
  if (listed === undefined) {
    if (!isFolder() || !isFolder("partitions")) return [];
    listed = listIfThere(storage, `${path}/partitions`).filter(isPartitionName);
  }
  return listed.filter((name) => isFolder("partitions", name));
}

/** The names of the position files in a consumer's folder, by partition. */
export class PositionFiles {
  readonly #names = new Map<string, string[]>();

  constructor(names: readonly string[]) {
    for (const name of names) {
      const partition = name.slice(0, name.indexOf("."));
      const others = this.#names.get(partition);
      if (others === undefined) this.#names.set(partition, [name]);
      else others.push(name);
    }
  }

  of(partition: number): readonly string[] {
    return this.#names.get(partitionName(partition)) ?? [];
  }
}

/** Errors of a document that no version has written: too long, no JSON, a folder, a link, a pipe. */
const DAMAGED = new Set(["EILSEQ", "EFBIG", "EISDIR", "ELOOP", "EINVAL"]);

/** Whether a document was read, or there is something else in its place: then trying again is of no use. */
export function isDamagedDocument(error: unknown): boolean {
  return error instanceof StorageError && DAMAGED.has(error.errno);
}

/** Documents are read into memory; a schema may be large, but not larger than this. */
export const DOCUMENT_BYTES_MAX: number = 16 << 20;

/** A document as text: indented by two spaces, keys in order, no trailing newline. */
export function documentBytes(document: JsonObject): Uint8Array {
  const bytes = new TextEncoder().encode(JSON.stringify(sortKeys(document), null, 2));
  if (bytes.byteLength <= DOCUMENT_BYTES_MAX) return bytes;
  throw new LimitExceededError(
    `Cannot store a document of a topic: it has ${
      counted(bytes.byteLength, "byte")
    }, more than ${DOCUMENT_BYTES_MAX}; ` +
      `make its schema or pattern smaller`,
  );
}

function sortKeys(value: unknown, depth = 0): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth === JSON_DEPTH_MAX) {
    throw new LimitExceededError(
      `Cannot store a document of a topic: it is nested more than ${JSON_DEPTH_MAX} levels deep; ` +
        `make its schema or pattern flatter`,
    );
  }
  if (Array.isArray(value)) return value.map((item) => sortKeys(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([k, v]) => [k, sortKeys(v, depth + 1)]),
  );
}

/** Reads a document; undefined if the file does not exist. */
export function readDocument(storage: Storage, path: string): JsonObject | undefined {
  const bytes = storage.readWhole(path, DOCUMENT_BYTES_MAX + 1);
  if (bytes === undefined) return undefined;
  if (bytes.byteLength > DOCUMENT_BYTES_MAX) {
    throw new StorageError(
      "EFBIG",
      `Cannot read "${path}": it has more than ${DOCUMENT_BYTES_MAX} bytes, which no document of a topic has; ` +
        `restore the file from a backup`,
    );
  }
  if (isNestedTooDeeply(bytes)) {
    throw new StorageError(
      "EILSEQ",
      `Cannot read "${path}": it is nested more than ${JSON_DEPTH_MAX} levels deep, which no document of a topic is; ` +
        `restore the file from a backup`,
    );
  }
  try {
    const document = JSON.parse(new TextDecoder().decode(bytes));
    if (isObject(document)) return document;
  } catch {
    // Falls through: the text is not JSON.
  }
  throw new StorageError(
    "EILSEQ",
    `Cannot read "${path}": expected a JSON object; restore the file from a backup`,
  );
}

/** Throws unless this version of the library supports the layout. */
export function checkLayoutVersion(path: string, document: JsonObject): void {
  checkIsNotNewer(path, document);
  const { format_version: version = LAYOUT_VERSION } = document;
  if (Number.isInteger(version) && (version as number) >= 1) return;
  throw badField(path, "format_version", version, String(LAYOUT_VERSION));
}

/** Throws if a newer version of the library made the layout; one without a valid version passes. */
export function checkIsNotNewer(path: string, { format_version: version }: JsonObject): void {
  if (!Number.isInteger(version) || (version as number) <= LAYOUT_VERSION) return;
  throw new UnsupportedFormatError(path, version as number, LAYOUT_VERSION);
}

/** The error for a field of a stored document that this library has not written. */
export function badField(path: string, field: string, value: unknown, expected: string): StorageError {
  const found = value === undefined ? "is missing" : `is ${show(value)}`;
  return new StorageError(
    "EILSEQ",
    `Cannot read "${path}": its "${field}" ${found}, expected ${expected}; restore the file from a backup`,
  );
}

/** Whether there is a folder; rejects symbolic links, which could lead out of the topic. */
export function checkIsFolder(storage: Storage, path: string): boolean {
  const stat = storage.stat(path);
  if (stat === undefined || stat.kind === "directory") return stat !== undefined;
  throw new StorageError(
    "ENOTDIR",
    `Cannot use "${path}": expected a folder of its own, no link and no file; move away what is there`,
  );
}
