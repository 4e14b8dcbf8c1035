import { html, nothing, type TemplateResult } from "lit-html";
import { ref } from "lit-html/directives/ref.js";
import type { EventView } from "../../src/ui/contract.ts";
import { askRaw, topicPath, withQuery } from "../api.ts";
import { formatBytes, formatCount, visible } from "../format.ts";
import { hexLines } from "../hex.ts";
import { type Content, faultBox } from "../pieces.ts";
import { drawRaster, imageType, type Raster, rasterOf, type Shades } from "../picture.ts";

type Mode = "hex" | "text" | "image";

/** Bytes shown at first, and added by "More". */
const FIRST_BYTES = 4096;
const MORE_BYTES = 64 * 1024;
/** Larger ones are downloaded rather than shown. */
const IMAGE_BYTES_MAX = 64 * 1024 * 1024;

/** The data part of an event as hex, as text or as an image. */
export class DataPart {
  #mode: Mode = "hex";
  #bytes: Uint8Array<ArrayBuffer> | undefined;
  #fault: string | undefined;
  #imageUrl: string | undefined;
  #shades: Shades | undefined;
  #isLoading = false;

  constructor(
    private readonly topic: string,
    private readonly event: EventView,
    private readonly signal: AbortSignal,
    private readonly changed: () => void,
  ) {}

  /** Asks for the first bytes, and shows them as what they seem to be. */
  start(): void {
    void this.#load(FIRST_BYTES).then(() => {
      if (this.#bytes === undefined) return;
      if (this.#raster() !== undefined || imageType(this.#bytes) !== undefined) this.#show("image");
      else if (isText(this.#bytes)) this.#show("text");
    });
  }

  /** Lets go of the image. */
  stop(): void {
    if (this.#imageUrl !== undefined) URL.revokeObjectURL(this.#imageUrl);
    this.#imageUrl = undefined;
  }

  render(): TemplateResult {
    const { dataBytes, partition, id } = this.event;
    const modes: Mode[] = ["hex", "text", "image"];
    return html`<section aria-label="Data"><h2>Data <span class="muted">${formatBytes(dataBytes)}</span></h2>
      <div class="toolbar" role="group" aria-label="Show data as">
        ${
      modes.map((mode) =>
        html`<button aria-pressed=${mode === this.#mode ? "true" : "false"} @click=${() =>
          this.#show(mode)}>${mode}</button>`
      )
    }
        <a href=${this.#path()} download="event-${partition}-${id}.bin">Download</a>
      </div>
      ${faultBox(this.#fault)} ${this.#content()}</section>`;
  }

  #content(): Content {
    const bytes = this.#bytes;
    if (bytes === undefined) {
      return this.#fault === undefined ? html`<p class="muted">Loading …</p>` : nothing;
    }
    if (this.#mode === "image") return this.#image(bytes);
    const text = this.#mode === "hex" ? hexLines(bytes) : visible(new TextDecoder().decode(bytes));
    return html`<pre class="bytes ${this.#mode}" tabindex="0">${text}</pre>
      ${
      bytes.length < this.event.dataBytes
        ? html`<p><button ?disabled=${this.#isLoading} @click=${() =>
          void this.#load(bytes.length + MORE_BYTES)}>More</button>
          <span class="muted">${formatCount(bytes.length)} of ${
          formatCount(this.event.dataBytes)
        } bytes are shown</span></p>`
        : nothing
    }`;
  }

  #image(bytes: Uint8Array<ArrayBuffer>): Content {
    const { dataBytes } = this.event;
    const raster = this.#raster();
    const type = imageType(bytes);
    if (raster === undefined && type === undefined) {
      return html`<p class="muted">These bytes are no PNG, JPEG, GIF, WebP, BMP or AVIF file, and the metadata have no
        <code>width</code> and <code>height</code> that fit their number.</p>`;
    }
    if (dataBytes > IMAGE_BYTES_MAX) {
      return html`<p class="muted">Too large to be shown here: download it.</p>`;
    }
    if (bytes.length < dataBytes) return html`<p class="muted">Loading …</p>`;
    const name = `Data of event ${this.event.id} as an image`;
    if (type !== undefined) {
      this.#imageUrl ??= URL.createObjectURL(new Blob([bytes], { type }));
      return html`<img class="picture" src=${this.#imageUrl} alt=${name}>`;
    }
    const { width, height, pixel } = raster!;
    const shades = this.#shades === undefined
      ? nothing
      : `, from ${this.#shades.black} (black) to ${this.#shades.white} (white)`;
    return html`
      <canvas class="picture" role="img" aria-label=${name} ${ref(this.#draw)}></canvas>
      <p class="muted">${width} by ${height} pixels, ${pixel}${shades}</p>
    `;
  }

  /** Called when there is a canvas; always the same function, so that it draws once. */
  readonly #draw = (canvas?: Element): void => {
    const raster = this.#raster();
    if (canvas === undefined || raster === undefined || this.#bytes === undefined) return;
    this.#shades = drawRaster(canvas as HTMLCanvasElement, raster, this.#bytes);
    this.changed();
  };

  #raster(): Raster | undefined {
    try {
      return rasterOf(JSON.parse(this.event.metadata), this.event.dataBytes);
    } catch {
      // The metadata are cut, or no JSON.
      return undefined;
    }
  }

  #show(mode: Mode): void {
    this.#mode = mode;
    this.changed();
    const { dataBytes } = this.event;
    if (mode === "image" && dataBytes <= IMAGE_BYTES_MAX) void this.#load(dataBytes);
  }

  #path(query: { offset?: number; size?: number } = {}): string {
    const { partition, id } = this.event;
    return withQuery(topicPath(this.topic, "partitions", partition, "events", id, "data"), query);
  }

  /** Asks for what is missing up to a size. */
  async #load(size: number): Promise<void> {
    const have = this.#bytes ?? new Uint8Array(0);
    const missing = Math.min(size, this.event.dataBytes) - have.length;
    if (missing <= 0 || this.#isLoading) return;
    this.#isLoading = true;
    try {
      const response = await askRaw(this.#path({ offset: have.length, size: missing }), this.signal);
      const more = new Uint8Array(await response.arrayBuffer());
      const joined = new Uint8Array(have.length + more.length);
      joined.set(have);
      joined.set(more, have.length);
      this.#bytes = joined;
      this.#fault = undefined;
    } catch (error) {
      this.#fault = error instanceof Error ? error.message : String(error);
    }
    this.#isLoading = false;
    this.changed();
  }
}

/** Whether bytes read as text. */
function isText(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return !/(?![\t\n\f\r])\p{Cc}/u.test(text);
  } catch {
    return false;
  }
}
