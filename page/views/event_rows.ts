import { html, nothing, type TemplateResult } from "lit-html";
import { ref } from "lit-html/directives/ref.js";
import type { EventView } from "../../src/ui/contract.ts";
import { messageOf } from "../../src/text/message.ts";
import { askRaw, topicPath } from "../api.ts";
import { counted, formatBytes, formatCount, formatTime, isoTime, visible } from "../format.ts";
import { fieldAt, fieldText, parsedMetadata } from "../field.ts";
import { lineOfJson, prettyJson } from "../json_text.ts";
import { addressOf, linkTo } from "../route.ts";
import { copyButton } from "../copy_button.ts";
import { KeyedRows, type Row } from "../keyed_rows.ts";
import { type Content, faultBox } from "../pieces.ts";
import { DataPart } from "./data_part.ts";

/** What is shown of an open event. */
interface Opened {
  data: DataPart | undefined;
  /** The complete metadata, if the list has only the beginning. */
  metadata?: string;
  fault?: string;
}

/** Events as rows that can be opened. */
export class EventRows {
  readonly #opened = new Map<string, Opened>();
  readonly #rows = new KeyedRows();

  constructor(
    private readonly topic: string,
    /** Fields of the metadata that are shown as columns. */
    private readonly columns: readonly string[],
    private readonly on: {
      signal: AbortSignal;
      changed: () => void;
      /** Called when an event was opened or closed. */
      toggled: (isOpen: boolean) => void;
    },
  ) {}

  /** Open events, as `PARTITION/ID`. */
  openKeys(): string[] {
    return [...this.#opened.keys()];
  }

  /** Releases what opened events hold. */
  stop(): void {
    for (const { data } of this.#opened.values()) data?.stop();
  }

  render(events: readonly EventView[]): TemplateResult {
    this.#forget(events);
    this.#rows.show(events.flatMap((event) => this.#rowsOf(event)));
    return html`
      <table class="list events" @keydown=${onKey}>
        <caption class="unseen">Events</caption>
        <thead>
          <tr>
            <th scope="col" class="opener"><span class="unseen">Open</span></th>
            <th scope="col" class="number partition">Partition</th>
            <th scope="col" class="number id">Id</th>
            <th scope="col" class="time">Time</th>
            ${this.columns.map((field) =>
              html`<th scope="col" class="field"><bdi>${visible(field)}</bdi></th>`
            )}
            <th scope="col">Metadata</th>
            <th scope="col" class="number size">Data</th>
          </tr>
        </thead>
        <tbody ${ref(this.#rows.host)}></tbody>
      </table>
    `;
  }

  /** Releases opened events that are no longer in the list. */
  #forget(events: readonly EventView[]): void {
    if (this.#opened.size === 0) return;
    const keys = new Set(events.map(keyOf));
    for (const [key, { data }] of this.#opened) {
      if (keys.has(key)) continue;
      data?.stop();
      this.#opened.delete(key);
    }
  }

  #rowsOf(event: EventView): Row[] {
    const key = keyOf(event);
    const opened = this.#opened.get(key);
    const row: Row = {
      key,
      version: opened !== undefined,
      className: opened === undefined ? "" : "open",
      cells: () => this.#cells(event, opened !== undefined),
      onClick: (click) => this.#onClick(click, event),
    };
    if (opened === undefined) return [row];
    return [row, {
      key: `${key}/detail`,
      // Its data may have arrived: drawn each time.
      version: {},
      className: "detail",
      id: detailIdOf(event),
      cells: () => html`<td colspan=${6 + this.columns.length}>${this.#detail(event, opened)}</td>`,
    }];
  }

  #cells(event: EventView, isOpen: boolean): TemplateResult {
    const { partition, id, timestamp, metadata, dataBytes } = event;
    return html`
      <td><button class="open-event" aria-expanded=${isOpen ? "true" : "false"} aria-controls=${detailIdOf(
        event,
      )} aria-label="Event ${id} of partition ${partition}"></button></td>
      <td class="number" data-label="Partition">${partition}</td>
      <td class="number" data-label="Id">${formatCount(id)}</td>
      <td class="time" data-label="Time"><time datetime=${isoTime(timestamp) ?? nothing}>${formatTime(
        timestamp,
      )}</time></td>
      ${this.#fields(event)}
      <td class="metadata"><code><bdi dir="ltr">${lineOfJson(metadata.slice(0, 300))}</bdi></code></td>
      <td class="number ${dataBytes === 0 ? "empty-data" : ""}" data-label="Data">${dataBytes === 0
        ? html`<span class="muted">none</span>`
        : formatBytes(dataBytes)}</td>
    `;
  }

  #fields({ metadata, metadataChars }: EventView): TemplateResult[] {
    if (this.columns.length === 0) return [];
    const value = parsedMetadata(metadata);
    return this.columns.map((field) =>
      html`<td class="field" data-label=${field}>${
        metadataChars === undefined
          ? html`<bdi>${visible(fieldText(fieldAt(value, field)))}</bdi>`
          : html`<span class="muted" title="Too much metadata for a list: open the event">…</span>`
      }</td>`
    );
  }

  #detail(event: EventView, { data, metadata, fault }: Opened): Content {
    const { metadataChars } = event;
    const isCut = metadataChars !== undefined && metadata === undefined;
    return html`<div class="event">
      <section aria-label="Metadata"><h2>Metadata</h2>
        <div class="toolbar">
          ${isCut ? nothing : copyButton("Copy metadata", metadata ?? event.metadata)}
          ${
      copyButton(
        "Copy link",
        addressOf(linkTo(["topics", this.topic, "events"], {
          partition: event.partition,
          open: event.id,
        })),
      )
    }
        </div>
        ${
      isCut
        ? html`<pre class="json">${visible(event.metadata)} …</pre>`
        : prettyJson(metadata ?? event.metadata)
    }
        ${faultBox(fault)}
        ${
      isCut
        ? html`<button @click=${() => void this.#loadMetadata(event)}>Show all ${
          counted(metadataChars, "character")
        }</button>`
        : nothing
    }</section>
      ${data === undefined ? nothing : data.render()}
    </div>`;
  }

  #onClick(click: MouseEvent, event: EventView): void {
    // Selecting text must not open an event.
    if (getSelection()?.isCollapsed === false && !(click.target instanceof HTMLButtonElement)) return;
    const key = keyOf(event);
    const opened = this.#opened.get(key);
    if (opened !== undefined) {
      opened.data?.stop();
      this.#opened.delete(key);
    } else this.open(event);
    this.on.toggled(opened === undefined);
    this.on.changed();
  }

  /** Opens an event. */
  open(event: EventView): void {
    const data = event.dataBytes === 0
      ? undefined
      : new DataPart(this.topic, event, this.on.signal, this.on.changed);
    this.#opened.set(keyOf(event), { data });
    data?.start();
  }

  async #loadMetadata(event: EventView): Promise<void> {
    const opened = this.#opened.get(keyOf(event));
    if (opened === undefined) return;
    try {
      const path = topicPath(this.topic, "partitions", event.partition, "events", event.id);
      opened.metadata = await (await askRaw(path, this.on.signal)).text();
    } catch (error) {
      opened.fault = messageOf(error);
    }
    this.on.changed();
  }
}

/** The arrow keys move from event to event. */
function onKey(event: KeyboardEvent): void {
  const buttons = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(".open-event")];
  const at = buttons.indexOf(event.target as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  buttons[to]?.focus();
}

function detailIdOf({ partition, id }: EventView): string {
  return `event-${partition}-${id}`;
}

function keyOf({ partition, id }: EventView): string {
  return `${partition}/${id}`;
}
