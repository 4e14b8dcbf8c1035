import { Buffer } from "node:buffer";
import { type DataPart, LimitExceededError } from "../../../mod.ts";
import { counted } from "../../text/counted.ts";
import { type LargeMetadataRule, movedMetadata } from "../../metadata/large_metadata.ts";
import { UsageError } from "../usage_error.ts";
import type { ImportedEvent } from "./contract.ts";

/** Handles imported events whose metadata is too large. */
export class LargeEvents {
  readonly #rule: LargeMetadataRule;
  #skipped = 0;
  #moved = 0;

  /**
   * Throws `UsageError` if raw bytes of a serializer are to be moved: there would be no valid metadata to replace
   * them.
   */
  constructor(rule: LargeMetadataRule, rawMetadata = false) {
    if (rawMetadata && rule.choice === "data") {
      throw new UsageError(
        'Cannot use "--large-metadata data": the metadata is bytes of a serializer that is not loaded; use skip',
      );
    }
    this.#rule = rule;
  }

  /** The event to store: unchanged, with its metadata moved to its data part, or undefined if skipped. */
  take(event: ImportedEvent): ImportedEvent | undefined {
    const { choice, bytesMax } = this.#rule;
    // A UTF-16 code unit takes at most three bytes.
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

  /** What happened to them, as the end of a sentence; empty if there were none. */
  get summary(): string {
    return largeSummary({ skippedEvents: this.#skipped, movedMetadataEvents: this.#moved });
  }
}

/** A message about events that were changed or skipped; empty if there are none. */
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
