import type { Values } from "./raster_values.ts";

/** At most this many values are examined for the contrast; of more, an even sample. */
const SAMPLE_MAX = 500_000;

/** The values of an image, sorted, without NaN. */
export class Distribution {
  readonly #sorted: Float64Array;

  constructor(values: Values) {
    const step = Math.max(1, Math.ceil(values.length / SAMPLE_MAX));
    const sample = new Float64Array(Math.ceil(values.length / step));
    let count = 0;
    for (let at = 0; at < values.length; at += step) {
      if (Number.isFinite(values[at])) sample[count++] = values[at];
    }
    this.#sorted = sample.subarray(0, count).sort();
  }

  /** The value below which that share of the values is; NaN if there are none. */
  percentile(percent: number): number {
    return this.#sorted[Math.round((this.#sorted.length - 1) * percent / 100)] ?? NaN;
  }

  /**
   * The values to draw black and white, with that many percent clipped at each end. If one value fills the
   * image, as with few photons, those above it decide.
   */
  range(clippedPercent: number): [black: number, white: number] {
    const [black, white] = [this.percentile(clippedPercent), this.percentile(100 - clippedPercent)];
    if (!(black >= white)) return [black, white];
    const above = this.#sorted.findIndex((value) => value > black);
    if (above < 0) return [this.percentile(0), black];
    const rest = this.#sorted.length - above - 1;
    return [black, this.#sorted[above + Math.round(rest * (1 - clippedPercent / 100))]];
  }

  /** How many values are in each of that many equal parts of a range. */
  histogram([low, high]: readonly [number, number], bins: number): number[] {
    const counts = new Array<number>(bins).fill(0);
    if (!(high > low)) return counts;
    for (const value of this.#sorted) {
      const bin = Math.floor((value - low) / (high - low) * bins);
      if (value >= low && value <= high) counts[Math.min(bins - 1, bin)]++;
    }
    return counts;
  }
}

/** A mapping of values to colours. */
export interface Look {
  black: number;
  white: number;
  isLogarithmic: boolean;
  map: ColourMap;
}

/** Colours from the lowest to the highest value, at equal intervals. */
const MAPS = {
  gray: ["000000", "ffffff"],
  viridis: ["440154", "472d7b", "3b528b", "2c728e", "21918c", "28ae80", "5ec962", "addc30", "fde725"],
  inferno: ["000004", "210c4a", "57106e", "8a226a", "bc3754", "e45a31", "f98e09", "f9cb35", "fcffa4"],
} as const;

/** Name of a colour map. */
export type ColourMap = keyof typeof MAPS;

/** Every colour map. */
export const COLOUR_MAPS = Object.keys(MAPS) as ColourMap[];

/** How much a logarithmic scale spreads the lowest values. */
const LOG_SPREAD = 1000;

/** 256 colours, each as red, green and blue. */
export function coloursOf(map: ColourMap): Uint8Array {
  const stops = MAPS[map].map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
  const colours = new Uint8Array(256 * 3);
  for (let at = 0; at < 256; at++) {
    const place = at / 255 * (stops.length - 1);
    const stop = Math.min(stops.length - 2, Math.floor(place));
    for (let part = 0; part < 3; part++) {
      const [from, to] = [stops[stop][part], stops[stop + 1][part]];
      colours[at * 3 + part] = Math.round(from + (to - from) * (place - stop));
    }
  }
  return colours;
}

/** Writes values as RGBA pixels; NaN is transparent. */
export function paint(
  values: Values,
  { black, white, isLogarithmic, map }: Look,
  pixels: Uint8ClampedArray,
): void {
  const colours = coloursOf(map);
  const scale = white > black ? 1 / (white - black) : 0;
  const logScale = 1 / Math.log1p(LOG_SPREAD);
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    const share = Math.min(1, Math.max(0, (value - black) * scale));
    const shade = isLogarithmic ? Math.log1p(share * LOG_SPREAD) * logScale : share;
    const colour = Math.round(shade * 255) * 3;
    const to = at * 4;
    pixels[to] = colours[colour];
    pixels[to + 1] = colours[colour + 1];
    pixels[to + 2] = colours[colour + 2];
    pixels[to + 3] = Number.isNaN(value) ? 0 : 255;
  }
}

/** Bytes are colours as they are; other numbers are scaled, and their opacity is ignored. */
export function paintColours(
  values: Values,
  channels: 3 | 4,
  pixels: Uint8ClampedArray,
  [black, white]: readonly [number, number] = [0, 255],
): void {
  const isScaled = black !== 0 || white !== 255;
  const scale = white > black ? 255 / (white - black) : 0;
  for (let at = 0; at * channels < values.length; at++) {
    for (let part = 0; part < 3; part++) {
      pixels[at * 4 + part] = (values[at * channels + part] - black) * scale;
    }
    pixels[at * 4 + 3] = channels === 4 && !isScaled ? values[at * channels + 3] : 255;
  }
}
