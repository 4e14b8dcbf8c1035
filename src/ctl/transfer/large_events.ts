import { Buffer } from "node:buffer";
import { type DataPart, LimitExceededError } from "../../../mod.ts";
import { counted } from "../../counted.ts";
import { type LargeMetadataRule, movedMetadata } from "../../metadata/large_metadata.ts";
import { UsageError } from "../usage_error.ts";
import type { ImportedEvent } from "./contract.ts";

/** What becomes of imported events with too much metadata. */
export class LargeEvents {
  readonly #rule: LargeMetadataRule;
  #skipped = 0;
  #moved = 0;

  /** Throws `UsageError` where metadata that are bytes of a serializer are to be moved: nothing could take their place. */
  constructor(rule: LargeMetadataRule, rawMetadata = false) {
    if (rawMetadata && rule.choice === "data") {
      throw new UsageError(
        'Cannot use "--large-metadata data": the metadata come as the bytes of a serializer that is not loaded; use skip',
      );
    }
    this.#rule = rule;
  }

  /** The event as it is stored: itself, one with its metadata in its data part, or undefined where it is skipped. */
  take(event: ImportedEvent): ImportedEvent | undefined {
    const { choice, bytesMax } = this.#rule;
    // A letter has at most three bytes.
    if (bytesMax === undefined || event.document.length * 3 <= bytesMax) return event;
    const bytes = Buffer.byteLength(event.document);
    if (bytes <= bytesMax) return event;
    if (choice === "refuse") {
      throw new LimitExceededError(`it has ${counted(bytes, "byte")} of metadata, more than ${bytesMax}`);
    }
    if (choice === "skip") {
      this.#skipped++;
      return undefined;
    }
    this.#moved++;
    return {
      ...event,
      document: movedMetadata(event.dataBytes, bytes),
      data: dataAndMetadata(event),
      dataBytes: event.dataBytes + bytes,
    };
  }

  /** What became of them, as a sentence goes on; empty where there were none. */
  get summary(): string {
    return largeSummary({ skippedEvents: this.#skipped, movedMetadataEvents: this.#moved });
  }
}

/** What a message says of events that are not as they were; empty where there are none. */
export function largeSummary(counts: { skippedEvents?: number; movedMetadataEvents?: number }): string {
  const { skippedEvents = 0, movedMetadataEvents = 0 } = counts;
  const skipped = skippedEvents === 0 ? "" : `; ${counted(skippedEvents, "event")} skipped`;
  if (movedMetadataEvents === 0) return skipped;
  return `${skipped}; the metadata of ${
    counted(movedMetadataEvents, "event")
  } moved to the end of the data part`;
}

function dataAndMetadata({ data, document }: ImportedEvent): DataPart {
  const metadata = Buffer.from(document);
  if (data === undefined) return new Uint8Array(metadata);
  if (data instanceof Uint8Array) return new Uint8Array(Buffer.concat([data, metadata]));
  return pieces(data, metadata);
}

async function* pieces(data: Exclude<DataPart, Uint8Array>, metadata: Uint8Array) {
  yield* data as AsyncIterable<Uint8Array>;
  yield metadata;
}
