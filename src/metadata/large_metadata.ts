import { METADATA_BYTES_MAX } from "../log/mod.ts";
import { readOptions, rule, withoutUndefined } from "../options.ts";

/** What to do with an event whose metadata is too large for the destination. */
export type LargeMetadata = "refuse" | "skip" | "data";

/** The options of a transfer. */
export interface LargeMetadataOptions {
  /**
   * What to do with events whose metadata has more than `metadataBytesMax` bytes: `"refuse"` ends the import,
   * `"skip"` leaves the events out, so that later events of their partition get lower ids, and `"data"` appends
   * the metadata to the event's data part. Default: `"refuse"`.
   */
  largeMetadata?: LargeMetadata | undefined;
  /** Size in bytes above which metadata is large. Default: 16 MiB, the maximum of the `files` driver. */
  metadataBytesMax?: number | undefined;
}

/** The validated options. */
export interface LargeMetadataRule {
  readonly choice: LargeMetadata;
  /** Undefined if not given: the destination knows its own limit. */
  readonly bytesMax: number | undefined;
}

/** Validates the options; throws `InvalidOptionError`. */
export function largeMetadataRule(
  { largeMetadata, metadataBytesMax }: LargeMetadataOptions,
): LargeMetadataRule {
  const given = withoutUndefined({ largeMetadata, metadataBytesMax });
  const checked = readOptions("import", given, {
    largeMetadata: rule.oneOf(["refuse", "skip", "data"], "refuse"),
    metadataBytesMax: rule.wholeNumber(1),
  });
  const choice = checked.largeMetadata as LargeMetadata;
  const fallback = choice === "refuse" ? undefined : METADATA_BYTES_MAX;
  return { choice, bytesMax: checked.metadataBytesMax as number | undefined ?? fallback };
}

/** Metadata that replaces metadata moved into the data part: the offset and size of the moved bytes there. */
export function movedMetadata(dataBytes: number, metadataBytes: number): string {
  return JSON.stringify({ large_metadata: { offset: dataBytes, bytes: metadataBytes } });
}
