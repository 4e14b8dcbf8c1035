import type { ImportedEvent } from "../contract.ts";
import { type Manifest, MANIFEST_ENTRY, runOf } from "./format.ts";
import { shown, type TarEntry, TarError, type TarReader } from "./tar_reader.ts";
import { counted } from "../../../text/counted.ts";

/** Larger data parts are passed on in pieces. */
const STREAM_BYTES_MIN = 64 * 1024 * 1024;
const PIECE_BYTES = 4 * 1024 * 1024;
/** Metadata and documents in our archives are never larger than this. */
const WHOLE_BYTES_MAX = 256 * 1024 * 1024;

/** The target topic has fewer partitions than the exported one. */
export class TooFewPartitionsError extends Error {
  override readonly name = "TooFewPartitionsError";
}

/** A run of consecutive events in the archive. */
interface Run {
  base: string;
  partition: number;
  /** Size of each event's data part and its metadata. */
  events: { dataBytes: number; document: string }[];
  /** Number of events before them. */
  before: number;
}

/** The settings of a reader. */
interface RunReaderSettings {
  tar: TarReader;
  /** Number of partitions of the target topic. */
  partitions: number;
  /** The same of the exported topic. */
  partitionsExported: unknown;
  /** Called with unknown entries. */
  onForeign: (name: string) => void;
}

/** Reads the runs of an archive and verifies everything against its manifest. */
export class RunReader {
  readonly #lastIds = new Map<number, number>();
  readonly #foreign = new Set<string>();
  #events = 0;
  #dataBytes = 0;

  constructor(private readonly settings: RunReaderSettings) {}

  /** Every event. Throws `TarError` at the end if anything differs from what was written. */
  async *events(): AsyncGenerator<ImportedEvent, void, void> {
    const { tar } = this.settings;
    let run: Run | undefined;
    for (let entry = await tar.next(); entry !== undefined; entry = await tar.next()) {
      if (entry.name === MANIFEST_ENTRY) {
        if (run !== undefined) yield* this.#withoutData(run);
        return await this.#end(JSON.parse(decode(await readWhole(tar, entry))) as Manifest);
      }
      const found = runOf(entry.name);
      if (found === undefined) {
        this.#foreign.add(entry.name);
        this.settings.onForeign(entry.name);
      } else if (found.holds === "data") {
        if (run?.base !== found.base) {
          throw new TarError(`entry ${shown(entry.name)} has data that belongs to no event`);
        }
        yield* this.#withData(run, entry);
        run = undefined;
      } else {
        if (run !== undefined) yield* this.#withoutData(run);
        run = await this.#begin(entry, found);
      }
    }
    throw new TarError(`it is cut off: it has no "${MANIFEST_ENTRY}"`);
  }

  async #begin(
    entry: TarEntry,
    { base, partition, firstId }: { base: string; partition: number; firstId: number },
  ): Promise<Run> {
    const { tar, partitions, partitionsExported } = this.settings;
    if (partition >= partitions && partition < Number(partitionsExported)) {
      throw new TooFewPartitionsError(
        `it has events of partition ${partition}, and the topic has ${counted(partitions, "partition")}: ` +
          `import into a new topic with "--topic.num_partitions ${partitionsExported}"`,
      );
    }
    if (partition >= partitions) {
      throw new TarError(
        `entry ${
          shown(entry.name)
        } is refused: it is of partition ${partition}, and the topic has ${partitions}`,
      );
    }
    if (firstId <= (this.#lastIds.get(partition) ?? -1)) {
      throw new TarError(`entry ${shown(entry.name)} is refused: it is out of order`);
    }
    this.#lastIds.set(partition, firstId);
    const lines = decode(await readWhole(tar, entry)).split("\n");
    if (lines.pop() !== "") throw new TarError(`the last line of entry ${shown(entry.name)} has no end`);
    const events = lines.map((line, index) => parseLine(line, entry.name, index + 1));
    const run = { base, partition, events, before: this.#events };
    this.#events += events.length;
    return run;
  }

  *#withoutData({ base, partition, events, before }: Run): Generator<ImportedEvent, void, void> {
    for (const [index, { document, dataBytes }] of events.entries()) {
      if (dataBytes > 0) throw new TarError(`the data of entry ${shown(`${base}.jsonl`)} is missing`);
      yield { number: before + index + 1, partition, document, dataBytes };
    }
  }

  async *#withData(run: Run, entry: TarEntry): AsyncGenerator<ImportedEvent, void, void> {
    const { tar } = this.settings;
    const { partition, events, before } = run;
    const size = events.reduce((sum, { dataBytes }) => sum + dataBytes, 0);
    if (size !== entry.size) {
      throw new TarError(
        `entry ${shown(entry.name)} has ${counted(entry.size, "byte")}, and its events say ${size}`,
      );
    }
    this.#dataBytes += size;
    for (const [index, { document, dataBytes }] of events.entries()) {
      const event = { number: before + index + 1, partition, document, dataBytes };
      if (dataBytes === 0) yield event;
      else if (dataBytes < STREAM_BYTES_MIN) yield { ...event, data: await tar.read(dataBytes) };
      else yield { ...event, data: pieces(tar, dataBytes) };
    }
  }

  async #end(manifest: Manifest): Promise<void> {
    const { tar } = this.settings;
    const extra = await tar.next();
    if (extra !== undefined) {
      throw new TarError(
        `entry ${shown(extra.name)} comes after "${MANIFEST_ENTRY}", which must be the last one`,
      );
    }
    await tar.end();
    const expected = new Map(Object.entries(manifest?.sha256 ?? {}));
    for (const [name, sum] of tar.sums) {
      const known = expected.get(name);
      // Another program may have added entries, with or without their checksums.
      if (name === MANIFEST_ENTRY || (known === undefined && this.#foreign.has(name))) continue;
      if (known === undefined) throw new TarError(`entry ${shown(name)} is not in its "${MANIFEST_ENTRY}"`);
      if (known !== sum) throw new TarError(`it is damaged: checksum of ${shown(name)} differs`);
      expected.delete(name);
    }
    const [missing] = expected.keys();
    if (missing !== undefined) throw new TarError(`entry ${shown(missing)} is missing`);
    if (manifest.events !== this.#events || manifest.data_bytes !== this.#dataBytes) {
      throw new TarError(
        `it has ${counted(this.#events, "event")} and ${
          counted(this.#dataBytes, "byte")
        } of data, and its "${MANIFEST_ENTRY}" says ` +
          `${manifest.events} and ${manifest.data_bytes}`,
      );
    }
  }
}

/** The complete content of an entry. */
export async function readWhole(tar: TarReader, { name, size }: TarEntry): Promise<Uint8Array> {
  if (size > WHOLE_BYTES_MAX) {
    throw new TarError(
      `entry ${shown(name)} is refused: it has ${
        counted(size, "byte")
      }, at most ${WHOLE_BYTES_MAX} are possible`,
    );
  }
  return await tar.read(size);
}

/** Bytes as text; throws `TarError` unless they are valid UTF-8. */
export function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(bytes);
  } catch {
    throw new TarError("an entry is damaged: it is not UTF-8");
  }
}

async function* pieces(tar: TarReader, size: number): AsyncGenerator<Uint8Array, void, void> {
  for (let left = size; left > 0; left -= PIECE_BYTES) yield await tar.read(Math.min(left, PIECE_BYTES));
}

/** The metadata comes last in a line, after numbers only. */
const LINE = /^\{"id":\d{1,16},"timestamp":\d+(?:\.\d+)?,"data_size":(\d{1,16}),"metadata(_text)?":(?=.)/;

function parseLine(line: string, name: string, number: number): Run["events"][number] {
  const head = LINE.exec(line);
  const value = line.slice(head?.[0].length, -1);
  const document = head?.[2] === undefined ? value : parseText(value);
  if (head === null || document === undefined || !line.endsWith("}")) {
    throw new TarError(`line ${number} of entry ${shown(name)} is not an event`);
  }
  return { dataBytes: Number(head[1]), document };
}

/** The text that a JSON string holds; undefined for anything else. */
function parseText(json: string): string | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
