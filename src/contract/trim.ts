import { InvalidOptionError } from "../errors.ts";
import { checkOptions, invalidOption } from "../options.ts";

/** What `topic.trim()` removes; with several conditions, everything that meets any of them. */
export interface TrimRequest {
  /** Remove events below this id. */
  beforeId?: number | undefined;
  /** Remove events older than this (milliseconds since 1970, or a date). */
  beforeTime?: number | Date | undefined;
  /** Keep at most this many bytes per partition. */
  maxBytes?: number | undefined;
  /** @deprecated The old name of `maxBytes`. */
  bytesMax?: number | undefined;
  /** Remove what every named consumer has acknowledged. */
  acknowledged?: boolean | undefined;
  /** Only these partitions; all by default. */
  partitions?: readonly number[] | undefined;
  /** Remove nothing, only report what would be removed. */
  dryRun?: boolean | undefined;
}

/**
 * What `topic.trim()` removed from one partition. Engines remove whole segments, so it may be less than requested.
 */
export interface TrimResult {
  /** Partition number. */
  partition: number;
  /** First id before trimming. */
  firstIdBefore: number;
  /** First id after trimming. */
  firstId: number;
  /** Bytes freed. */
  bytes: number;
}

const CONDITIONS = ["beforeId", "beforeTime", "maxBytes", "acknowledged"] as const;

/** The validated request; throws `InvalidOptionError`, also if it contains no condition. */
export function readTrimRequest(request: TrimRequest): TrimRequest {
  checkOptions("trim", request, [...CONDITIONS, "bytesMax", "partitions", "dryRun"]);
  const { beforeId, beforeTime, bytesMax, maxBytes = bytesMax, acknowledged, dryRun } = request;
  const isWholeNumber = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  if (beforeId !== undefined && !isWholeNumber(beforeId)) {
    throw invalidOption("trim", "beforeId", beforeId, "an event id");
  }
  if (maxBytes !== undefined && !isWholeNumber(maxBytes)) {
    throw invalidOption(
      "trim",
      request.maxBytes === undefined ? "bytesMax" : "maxBytes",
      maxBytes,
      "a number of bytes",
    );
  }
  if (bytesMax !== undefined && bytesMax !== maxBytes) {
    throw invalidOption("trim", "bytesMax", bytesMax, `either this or its new name "maxBytes", not both`);
  }
  const isTime = typeof beforeTime === "number" || beforeTime instanceof Date;
  if (beforeTime !== undefined && !(isTime && Number.isFinite(Number(beforeTime)))) {
    throw invalidOption("trim", "beforeTime", beforeTime, "milliseconds since 1970 or a Date");
  }
  for (const [option, value] of Object.entries({ acknowledged, dryRun })) {
    if (value !== undefined && typeof value !== "boolean") {
      throw invalidOption("trim", option, value, "true or false");
    }
  }
  const checked: TrimRequest = maxBytes === undefined
    ? request
    : { ...request, maxBytes, bytesMax: maxBytes };
  if (CONDITIONS.every((condition) => checked[condition] === undefined || checked[condition] === false)) {
    throw new InvalidOptionError("", `Cannot trim: say what to remove by one of ${CONDITIONS.join(", ")}`);
  }
  return checked;
}
