import type { TrimRequest } from "./contract.ts";
import { InvalidOptionError } from "./errors.ts";
import { checkOptions, invalidOption } from "./options.ts";

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
