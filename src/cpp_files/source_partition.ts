import { LimitExceededError } from "../errors.ts";
import { type LargeMetadataRule, movedMetadata } from "../metadata/large_metadata.ts";
import type { MetadataReader } from "./metadata_reader.ts";
import { type CppEvent, type CppPartition, type StoredEvent, WHOLE_METADATA_BYTES_MAX } from "./partition.ts";
import type { PartitionTransfer } from "./transfer.ts";
import { counted } from "../text/counted.ts";

/** Maximum number of ids to name in a warning. */
const NAMED_MAX = 10;

const encoder = new TextEncoder();

/**
 * A partition in the C++ layout as seen by an import: without skipped events, and with moved metadata replaced.
 */
export class SourcePartition {
  readonly partition: number;
  /** C++ ids of the events that are skipped, or whose metadata is moved. */
  readonly #largeIds: readonly number[];
  readonly #moved = new WeakSet<CppEvent>();

  constructor(
    private readonly stored: CppPartition,
    private readonly reader: MetadataReader,
    private readonly rule: LargeMetadataRule,
  ) {
    this.partition = stored.partition;
    this.#largeIds = rule.choice === "refuse" ? [] : stored.idsWithMetadataAbove(this.#bytesMax, reader);
  }

  /** Number of events to import. */
  get count(): number {
    return this.stored.count - (this.largeCounts.skippedEvents ?? 0);
  }

  /** Number of events that differ from C++ because of the options for large metadata. */
  get largeCounts(): Pick<PartitionTransfer, "skippedEvents" | "movedMetadataEvents"> {
    const { length } = this.#largeIds;
    if (this.rule.choice === "skip") return { skippedEvents: length };
    return this.rule.choice === "data" ? { movedMetadataEvents: length } : {};
  }

  /** A warning about those events; undefined if there are none. */
  get warning(): string | undefined {
    const ids = this.#largeIds;
    if (ids.length === 0) return undefined;
    const named = ids.slice(0, NAMED_MAX).join(", ");
    const more = ids.length > NAMED_MAX ? ` and ${ids.length - NAMED_MAX} more` : "";
    const which = `${ids.length === 1 ? "event" : "events"} ${named}${more} of partition ${this.partition}`;
    const why = `more than ${counted(this.#bytesMax, "byte")} of metadata`;
    return this.rule.choice === "skip"
      ? `Skipped with ${why}: ${which}; later events have lower ids than in C++`
      : `Moved to the end of the data part, with ${why}: ${which}`;
  }

  /** Path of the metadata file. */
  get metadataPath(): string {
    return this.stored.metadataPath;
  }

  /** The events from an id on, by their ids in the new topic. The events' own ids are those in C++. */
  events(fromId: number): Generator<CppEvent, void, void> {
    const { isBare } = this.reader;
    const large = { bytesMax: this.#bytesMax, toEvent: (event: StoredEvent) => this.#replacementOf(event) };
    return this.stored.events(this.#idInCpp(fromId), { isBare, large });
  }

  /** The metadata to store. */
  documentOf(event: CppEvent): string | Promise<string> {
    return this.isMoved(event) ? event.document : this.reader.documentOf(event);
  }

  /** Whether an event's metadata is moved into its data part. */
  isMoved(event: CppEvent): boolean {
    return this.#moved.has(event);
  }

  /** Whether there is a larger data part than that. */
  hasDataAbove(bytes: number): boolean {
    return this.largeCounts.movedMetadataEvents !== undefined || this.stored.hasDataAbove(bytes);
  }

  /** The error for an event with too much metadata; `why` states the limit. */
  tooLarge({ id, metadataBytes, dataBytes }: CppEvent, why: string, cause?: unknown): LimitExceededError {
    const above = metadataBytes > this.#bytesMax ? "" : ` --metadata-bytes-max ${metadataBytes - 1}`;
    const remedy = metadataBytes > dataBytes
      ? `leave it out with --large-metadata skip${above}, move its metadata into its data part with ` +
        `--large-metadata data${above}, or take`
      : "take";
    return new LimitExceededError(
      `Cannot import event ${id} of partition ${this.partition} ("${this.metadataPath}"): ${why}; ` +
        `${remedy} the events before it with --partial ("largeMetadata" and "partial" in a program)`,
      { cause },
    );
  }

  get #bytesMax(): number {
    return this.rule.bytesMax ?? WHOLE_METADATA_BYTES_MAX;
  }

  #replacementOf(event: StoredEvent): CppEvent | undefined {
    const { choice } = this.rule;
    if (choice === "skip") return undefined;
    if (choice === "refuse") {
      throw this.tooLarge(
        event,
        `it has ${counted(event.metadataBytes, "byte")} of metadata, more than ${this.#bytesMax}`,
      );
    }
    const document = movedMetadata(event.dataBytes, event.metadataBytes);
    const moved: CppEvent = {
      id: event.id,
      document,
      metadataBytes: encoder.encode(document).length,
      dataBytes: event.dataBytes + event.metadataBytes,
      metadata: () => event.metadata(),
      data: () => event.dataAndMetadata(),
      damage: (reason) => event.damage(reason),
    };
    this.#moved.add(moved);
    return moved;
  }

  #idInCpp(id: number): number {
    if (this.rule.choice !== "skip") return id;
    let found = id;
    for (const large of this.#largeIds) {
      if (large > found) break;
      found++;
    }
    return found;
  }
}
