import type { TrimRequest } from "./contract.ts";
import { InvalidOptionError } from "./errors.ts";
import { checkOptions, unfit } from "./options.ts";

const CONDITIONS = ["beforeId", "beforeTime", "bytesMax", "acknowledged"] as const;

/** The request, checked; throws `InvalidOptionError`, also when it names no condition. */
export function readTrimRequest(request: TrimRequest): TrimRequest {
  checkOptions("trim", request, [...CONDITIONS, "partitions", "dryRun"]);
  const { beforeId, beforeTime, bytesMax, acknowledged, dryRun } = request;
  const isWhole = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  if (beforeId !== undefined && !isWhole(beforeId)) throw unfit("trim", "beforeId", beforeId, "an event id");
  if (bytesMax !== undefined && !isWhole(bytesMax)) {
    throw unfit("trim", "bytesMax", bytesMax, "a number of bytes");
  }
  if (beforeTime !== undefined && !Number.isFinite(Number(beforeTime))) {
    throw unfit("trim", "beforeTime", beforeTime, "milliseconds since 1970 or a Date");
  }
  for (const [option, value] of Object.entries({ acknowledged, dryRun })) {
    if (value !== undefined && typeof value !== "boolean") {
      throw unfit("trim", option, value, "true or false");
    }
  }
  if (CONDITIONS.every((condition) => request[condition] === undefined || request[condition] === false)) {
    throw new InvalidOptionError("", `Cannot trim: say what to remove by one of ${CONDITIONS.join(", ")}`);
  }
  return request;
}
