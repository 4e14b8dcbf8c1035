import { html, nothing, svg, type TemplateResult } from "lit-html";
import { ref } from "lit-html/directives/ref.js";
import { COLOUR_MAPS, type ColourMap, Distribution, type Look, paint, paintColours } from "../contrast.ts";
import { counted, formatCount } from "../format.ts";
import type { Content } from "../pieces.ts";
import { PIXEL_BYTES, type PixelType, type Raster } from "../raster.ts";
import { nameOf, short, shown, summaryText } from "../raster_text.ts";
import {
  exactValue,
  placeOf,
  readValues,
  reduce,
  type Reduced,
  type Summary,
  summaryOf,
  type Values,
} from "../raster_values.ts";

/** Images with more pixels than this in a row or column are reduced: no screen shows them. */
const SIDE_MAX = 2048;
/** What can be clipped at each end, in percent of the values. */
const CLIPPED = [0, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20];
const CLIPPED_DEFAULT = 5;
const COLOURS_CLIPPED = 0.5;
const BINS = 128;
const THIN_RATIO = 20;

/** The pixel under the pointer. */
interface Spot {
  x: number;
  y: number;
}

/** An image of values or colours, with its contrast, its colours and the value under the pointer. */
export class RasterView {
  #raster: Raster;
  #values!: Values;
  #reduced!: Reduced;
  #distribution: Distribution | undefined;
  #summary!: Summary;
  #frame = 0;
  #canvas: HTMLCanvasElement | undefined;
  #clipped = CLIPPED_DEFAULT;
  #isLogarithmic = false;
  #map: ColourMap = "gray";
  #spot: Spot | undefined;

  constructor(
    private readonly name: string,
    raster: Raster,
    private readonly bytes: Uint8Array,
    private readonly changed: () => void,
  ) {
    this.#raster = asColours(raster, bytes) ?? raster;
    this.#read();
  }

  render(): TemplateResult {
    const { width, height, pixel, channels, littleEndian, frames } = this.#raster;
    const order = PIXEL_BYTES[pixel] === 1 ? "" : littleEndian ? ", little-endian" : ", big-endian";
    const colours = channels === 3 ? "RGB" : "RGBA";
    const type = channels === 1 ? pixel : pixel === "uint8" ? colours : `${colours} of ${pixel}`;
    const { factor } = this.#reduced;
    return html`
      <div class="toolbar raster-tools">${this.#frameChoice()} ${this.#typeChoice()} ${channels === 1
        ? this.#contrast()
        : nothing}</div>
      <canvas class="picture ${isThin(this.#reduced) ? "thin" : ""}" role="img" aria-label=${this
        .name} @pointermove=${this.#onMove}
        @pointerleave=${this.#onLeave} ${ref(this.#onCanvas)}></canvas>
      <p class="readout">${this.#readout()}</p>
      ${channels === 1 ? this.#scale() : nothing}
      <p
        class="muted">${formatCount(width)} by ${formatCount(height)} pixels, ${type}${order}${frames > 1
          ? `, ${counted(frames, "frame")}, numbered from 0`
          : ""}${summaryText(this.#summary)}${factor > 1
          ? `, reduced: one pixel here is the mean of ${factor} by ${factor}`
          : ""}</p>
    `;
  }

  #contrast(): TemplateResult {
    return html`
      <label>Clip ${CLIPPED[this.#clipped]} % <input type="range" name="clip" min="0" max=${CLIPPED.length -
        1}
              step="1" .value=${String(this.#clipped)} aria-label="Clip"
              aria-valuetext="${CLIPPED[this.#clipped]} percent at each end" @input=${this.#onClip}></label>
      <label>Scale <select name="scale" @change=${this.#onScale}>
              <option value="linear" ?selected=${!this.#isLogarithmic}>linear</option>
              <option value="log" ?selected=${this.#isLogarithmic}>log</option></select></label>
      <label>Colours <select name="colours" @change=${this.#onMap}>${COLOUR_MAPS.map((map) =>
        html`<option ?selected=${map === this.#map}>${map}</option>`
      )}</select></label>
    `;
  }

  /** Which image of a stack is shown. */
  #frameChoice(): Content {
    const { frames } = this.#raster;
    if (frames === 1) return nothing;
    return html`<label>Frame <input type="number" name="frame" min="0" max=${frames - 1} required
      .value=${String(this.#frame)} @input=${this.#onFrame}></label>`;
  }

  /** Other interpretations of the bytes; the metadata may be wrong, or say nothing. */
  #typeChoice(): TemplateResult {
    const { pixel, channels, littleEndian } = this.#raster;
    const bytes = PIXEL_BYTES[pixel] * channels;
    const types = (Object.keys(PIXEL_BYTES) as PixelType[]).filter((type) => PIXEL_BYTES[type] === bytes);
    const current = nameOf(this.#raster);
    const colours = bytes === 3 ? ["rgb"] : bytes === 4 ? ["rgba"] : channels === 1 ? [] : [current];
    return html`<label>Read as <select name="pixel" @change=${this.#onType}>${
      [...types, ...colours].map((type) => html`<option ?selected=${type === current}>${type}</option>`)
    }</select></label>
      ${
      PIXEL_BYTES[pixel] === 1 ? nothing : html`<label>Bytes <select name="order" @change=${this.#onOrder}>
          <option value="little" ?selected=${littleEndian}>little-endian</option>
          <option value="big" ?selected=${!littleEndian}>big-endian</option></select></label>`
    }`;
  }

  /** The histogram of the values above their colours. */
  #scale(): TemplateResult {
    const { black, white } = this.#look();
    if (Number.isNaN(black)) return html`<p class="muted">No pixel has a finite value.</p>`;
    if (this.#summary.isUniform) return html`<p class="muted">Every pixel is ${shown(black)}.</p>`;
    const distribution = this.#distribution!;
    const span: [number, number] = [
      Math.min(black, distribution.percentile(0.05)),
      Math.max(white, distribution.percentile(99.95)),
    ];
    const counts = distribution.histogram(span, BINS);
    const highest = Math.log1p(Math.max(1, ...counts));
    const bars = counts.map((count, bin) => `M${bin + 0.5} 40V${40 - 38 * Math.log1p(count) / highest}`).join(
      "",
    );
    const place = (value: number): number =>
      span[1] > span[0] ? (value - span[0]) / (span[1] - span[0]) * BINS : 0;
    return html`
      <figure class="values">
        <svg viewBox="0 0 ${BINS} 40" preserveAspectRatio="none" role="img"
          aria-label="Histogram of the values from ${shown(span[0])} to ${shown(span[1])}">${svg`
            <path class="bars" d=${bars}></path>
            <path class="ends" d="M${place(black)} 0V40M${place(white)} 0V40"></path>
          `}</svg>
        <canvas class="colours" width="256" height="1" aria-hidden="true" ${ref(this.#onColours)}></canvas>
        <figcaption><span>${shown(black)}</span><span>${this.#isLogarithmic ? "log" : "linear"}</span>
              <span>${shown(white)}</span></figcaption>
      </figure>
    `;
  }

  #readout(): Content {
    if (this.#spot === undefined) return "Point at a pixel for its value";
    const { x, y } = this.#spot;
    const { width, channels, pixel } = this.#raster;
    const at = (y * width + x) * channels;
    const value = [...this.#values.subarray(at, at + channels)]
      .map((value, channel) => {
        const place = placeOf(this.#raster, this.#frame, at + channel);
        return String(exactValue(this.#raster, this.bytes, place) ?? short(value, pixel));
      }).join(
        ", ",
      );
    return html`x ${x}, y ${y}: <b>${value}</b>`;
  }

  #read(): void {
    const { width, height, channels, pixel } = this.#raster;
    this.#frame = Math.min(this.#frame, this.#raster.frames - 1);
    this.#values = readValues(this.#raster, this.bytes, this.#frame);
    this.#summary = summaryOf(this.#values);
    this.#reduced = channels === 1
      ? reduce(this.#values, width, height, SIDE_MAX)
      : { values: this.#values, width, height, factor: 1 };
    // From the original pixels: a hot one is not averaged away.
    this.#distribution = channels === 1 || pixel !== "uint8" ? new Distribution(this.#values) : undefined;
  }

  #look(): Look {
    const [black, white] = this.#distribution!.range(CLIPPED[this.#clipped]);
    return { black, white, isLogarithmic: this.#isLogarithmic, map: this.#map };
  }

  #paint(): void {
    const { width, height, values } = this.#reduced;
    const canvas = this.#canvas;
    if (canvas === undefined) return;
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d");
    if (context === null) return;
    const image = context.createImageData(width, height);
    const { channels } = this.#raster;
    if (channels === 1) paint(values, this.#look(), image.data);
    else paintColours(values, channels, image.data, this.#distribution?.range(COLOURS_CLIPPED));
    context.putImageData(image, 0, 0);
    const bar = canvas.parentElement?.querySelector<HTMLCanvasElement>("canvas.colours");
    if (bar !== null && bar !== undefined) this.#onColours(bar);
  }

  #again(): void {
    this.changed();
    this.#paint();
  }

  /** Called when there is a canvas; always the same function, so that it draws once. */
  readonly #onCanvas = (canvas?: Element): void => {
    this.#canvas = canvas as HTMLCanvasElement | undefined;
    this.#paint();
  };

  readonly #onColours = (bar?: Element): void => {
    const context = (bar as HTMLCanvasElement | undefined)?.getContext("2d");
    if (context === null || context === undefined) return;
    const image = context.createImageData(256, 1);
    const values = Float32Array.from({ length: 256 }, (_, at) => at);
    paint(values, { black: 0, white: 255, isLogarithmic: this.#isLogarithmic, map: this.#map }, image.data);
    context.putImageData(image, 0, 0);
  };

  readonly #onMove = (event: PointerEvent): void => {
    const canvas = event.currentTarget as HTMLCanvasElement;
    const box = canvas.getBoundingClientRect();
    // The image is centred in its box, with one scale for both axes unless it fills the box.
    const scales = [box.width / canvas.width, box.height / canvas.height];
    const [across, down] = isThin(canvas) ? scales : scales.fill(Math.min(...scales));
    const { width, height } = this.#raster;
    const { factor } = this.#reduced;
    const x = Math.floor(
      (event.clientX - box.left - (box.width - canvas.width * across) / 2) / across * factor,
    );
    const y = Math.floor(
      (event.clientY - box.top - (box.height - canvas.height * down) / 2) / down * factor,
    );
    this.#spot = x >= 0 && y >= 0 && x < width && y < height ? { x, y } : undefined;
    this.changed();
  };

  readonly #onLeave = (): void => {
    this.#spot = undefined;
    this.changed();
  };

  readonly #onClip = (event: Event): void => {
    this.#clipped = Number((event.target as HTMLInputElement).value);
    this.#again();
  };

  readonly #onScale = (event: Event): void => {
    this.#isLogarithmic = (event.target as HTMLSelectElement).value === "log";
    this.#again();
  };

  readonly #onMap = (event: Event): void => {
    this.#map = (event.target as HTMLSelectElement).value as ColourMap;
    this.#again();
  };

  readonly #onFrame = (event: Event): void => {
    const { valueAsNumber: frame, validity } = event.target as HTMLInputElement;
    if (!validity.valid) return;
    this.#frame = frame;
    this.#read();
    this.#again();
  };

  readonly #onType = (event: Event): void => {
    const type = (event.target as HTMLSelectElement).value;
    if (type === nameOf(this.#raster)) return;
    this.#raster = type === "rgb" || type === "rgba"
      ? { ...this.#raster, pixel: "uint8", channels: type === "rgb" ? 3 : 4 }
      : { ...this.#raster, pixel: type as PixelType, channels: 1 };
    this.#read();
    this.#again();
  };

  readonly #onOrder = (event: Event): void => {
    this.#raster = { ...this.#raster, littleEndian: (event.target as HTMLSelectElement).value === "little" };
    this.#read();
    this.#again();
  };
}

/** Without any description, four bytes are a colour if every fourth one is opaque. */
function asColours(raster: Raster, bytes: Uint8Array): Raster | undefined {
  if (raster.isSaid || raster.pixel !== "uint32") return undefined;
  for (let at = 3; at < Math.min(bytes.length, 4096); at += 4) if (bytes[at] !== 255) return undefined;
  return { ...raster, pixel: "uint8", channels: 4 };
}

/** Whether an image is a line, which is stretched so that it can be seen. */
function isThin({ width, height }: { width: number; height: number }): boolean {
  return Math.max(width, height) > THIN_RATIO * Math.min(width, height);
}
