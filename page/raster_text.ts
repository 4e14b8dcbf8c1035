import { counted, formatCount } from "./format.ts";
import type { PixelType, Raster } from "./raster.ts";
import type { Summary } from "./raster_values.ts";

/** What a type is called in the list of types. */
export function nameOf({ pixel, channels }: Raster): string {
  if (channels === 1) return pixel;
  return `${channels === 3 ? "rgb" : "rgba"}${pixel === "uint8" ? "" : ` of ${pixel}`}`;
}

/** The digits that a single or half precision number has. */
export function short(value: number, pixel: PixelType): number {
  return pixel === "float32" || pixel === "float16" ? Number(value.toPrecision(8)) : value;
}

/** What the image does not show. */
export function summaryText({ nans, infinities }: Summary): string {
  return (nans === 0 ? "" : `, ${counted(nans, "value")} not a number (transparent)`) +
    (infinities === 0 ? "" : `, ${formatCount(infinities)} infinite`);
}

/** A value on the scale. */
export function shown(value: number): string {
  if (Math.abs(value) >= 1e15) return value.toExponential(4);
  return Number.isInteger(value) ? formatCount(value) : String(Number(value.toPrecision(6)));
}
