import { html, nothing, type TemplateResult } from "lit-html";
import type { EventView } from "../../src/ui/contract.ts";
import { messageOf } from "../../src/text/message.ts";
import { askRaw, topicPath, withQuery } from "../api.ts";
import { counted, formatBytes, formatCount, visible } from "../format.ts";
import { hexLines } from "../hex.ts";
import { type Content, faultBox } from "../pieces.ts";
import { imageType } from "../picture.ts";
import { type Raster, rasterOf } from "../raster.ts";
import { RasterView } from "./raster_view.ts";

type Mode = "hex" | "text" | "image";

/** Bytes shown at first, and added by "More". */
const FIRST_BYTES = 4096;
const MORE_BYTES = 64 * 1024;
/** Larger parts are downloaded rather than shown. */
const IMAGE_BYTES_MAX = 256 * 1024 * 1024;

/** The data part of an event as hex, as text or as an image. */
export class DataPart {
  #mode: Mode = "hex";
  #bytes: Uint8Array<ArrayBuffer> | undefined;
  #fault: string | undefined;
  #imageUrl: string | undefined;
  #raster: RasterView | undefined;
  #isLoading = false;
  /** Completed if the list has only the beginning. */
  #metadata: string;

  constructor(
    private readonly topic: string,
    private readonly event: EventView,
    private readonly signal: AbortSignal,
    private readonly changed: () => void,
  ) {
    this.#metadata = event.metadata;
  }

  /** Requests the first bytes, and shows them as what they appear to be. */
  start(): void {
    void Promise.all([this.#load(FIRST_BYTES), this.#loadMetadata()]).then(() => {
      if (this.#bytes === undefined) return;
      const isImage = typeof this.#rasterOrFault() !== "string" || imageType(this.#bytes) !== undefined;
      if (isImage) this.#show("image");
      else if (isText(this.#bytes)) this.#show("text");
    });
  }

  /** Releases the image. */
  stop(): void {
    if (this.#imageUrl !== undefined) URL.revokeObjectURL(this.#imageUrl);
    this.#imageUrl = undefined;
    this.#raster = undefined;
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
          counted(this.event.dataBytes, "byte")
        } are shown</span></p>`
        : nothing
    }`;
  }

  #image(bytes: Uint8Array<ArrayBuffer>): Content {
    const { dataBytes } = this.event;
    const raster = this.#rasterOrFault();
    const type = imageType(bytes);
    if (typeof raster === "string" && type === undefined) {
      return html`<p class="muted">These bytes are not a PNG, JPEG, GIF, WebP, BMP or AVIF file, and not a raster:
        ${raster}.</p>`;
    }
    if (dataBytes > IMAGE_BYTES_MAX) {
      return html`<p class="muted">Images of more than ${
        formatBytes(IMAGE_BYTES_MAX)
      } are not shown here, and this
        one has ${formatBytes(dataBytes)}: download it.</p>`;
    }
    if (bytes.length < dataBytes) {
      return html`<p class="muted">Loading, ${formatBytes(bytes.length)} of ${formatBytes(dataBytes)} …</p>`;
    }
    const name = `Data of event ${this.event.id} as an image`;
    if (type !== undefined) {
      this.#imageUrl ??= URL.createObjectURL(new Blob([bytes], { type }));
      return html`<img class="picture" src=${this.#imageUrl} alt=${name}>`;
    }
    this.#raster ??= new RasterView(name, raster as Raster, bytes, this.changed);
    return this.#raster.render();
  }

  /** The raster that the metadata describes, or why it describes none. */
  #rasterOrFault(): Raster | string {
    try {
      return rasterOf(JSON.parse(this.#metadata), this.event.dataBytes);
    } catch {
      return "the metadata is not JSON";
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

  /** A list has only the beginning of long metadata, which cannot be parsed. */
  async #loadMetadata(): Promise<void> {
    if (this.event.metadataChars === undefined) return;
    const { partition, id } = this.event;
    try {
      const path = topicPath(this.topic, "partitions", partition, "events", id);
      this.#metadata = await (await askRaw(path, this.signal)).text();
    } catch {
      // The data can be shown without it.
    }
  }

  /** Requests what is missing up to a size. */
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
      this.#fault = messageOf(error);
    }
    this.#isLoading = false;
    this.changed();
  }
}

/** Whether bytes can be read as text. */
function isText(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return !/(?![\t\n\f\r])\p{Cc}/u.test(text);
  } catch {
    return false;
  }
}
