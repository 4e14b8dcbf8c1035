import { METADATA_BYTES_MAX } from "../log/mod.ts";
import { readOptions, rule, withoutUndefined } from "../options.ts";

/** What becomes of an event with metadata that are too large for where it goes. */
export type LargeMetadata = "refuse" | "skip" | "data";

/** What a transfer takes. */
export interface LargeMetadataOptions {
  /**
   * What becomes of events whose metadata have more bytes than `metadataBytesMax`: with `"refuse"` they end the import,
   * with `"skip"` they are left out, so that later events of their partition get lower ids, and with `"data"` the metadata
   * follow the event's own data in its data part. Default: `"refuse"`.
   */
  largeMetadata?: LargeMetadata | undefined;
  /** Number of bytes above which metadata are large. Default: 16 MiB, the most that the `files` driver stores. */
  metadataBytesMax?: number | undefined;
}

/** What was asked for, checked. */
export interface LargeMetadataRule {
  readonly choice: LargeMetadata;
  /** Undefined where nothing was asked for: the destination knows what is too large. */
  readonly bytesMax: number | undefined;
}

/** Checks the options; throws `InvalidOptionError`. */
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

/** The metadata of an event whose own follow the data in its data part: where they begin, and how many bytes they are. */
export function movedMetadata(dataBytes: number, metadataBytes: number): string {
  return JSON.stringify({ large_metadata: { offset: dataBytes, bytes: metadataBytes } });
}
