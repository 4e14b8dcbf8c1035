import { html, nothing, type TemplateResult } from "lit-html";
import { formatAge, formatCount, formatTime, isoTime, visible } from "./format.ts";

/** What a template may contain. */
export type Content = TemplateResult | typeof nothing | string | number;

/** A figure with its label. */
export function tile(name: string, value: Content, more: Content = nothing): TemplateResult {
  return html`<div class="tile"><dt>${name}</dt><dd>${value}</dd>${
    more === nothing ? nothing : html`<dd class="more">${more}</dd>`
  }</div>`;
}

/** A time: how long ago, and exactly. */
export function moment(time: number | undefined, now = Date.now()): TemplateResult {
  if (time === undefined) return html`<span class="muted">none</span>`;
  return html`<time datetime=${isoTime(time) ?? nothing} title=${formatTime(time)}>${
    formatAge(time, now)
  }</time>`;
}

/** A mark that the lag is not known in some partition, with the reason. */
export function unknownLag(fault: string | undefined): Content {
  return fault === undefined
    ? nothing
    : html`<span class="badge warn" title=${visible(fault)}>lag unknown</span>`;
}

/** An error message. */
export function faultBox(fault: string | undefined): Content {
  return fault === undefined ? nothing : html`<p class="fault" role="alert">${fault}</p>`;
}

/** Shown until the first answer arrives. */
export function waiting(): TemplateResult {
  return html`<p class="muted" role="status">Loading …</p>`;
}

/** Which part of a list is shown, and links to the others. */
export function pager(
  { offset, shown, total, limit, what, go }: {
    offset: number;
    shown: number;
    total: number;
    limit: number;
    what: string;
    go: (offset: number) => void;
  },
): Content {
  if (total <= limit && offset === 0) return nothing;
  return html`
    <nav class="pager" aria-label="Pages of ${what}">
      <button ?disabled=${offset === 0} @click=${() => go(Math.max(0, offset - limit))}>Previous</button>
      <span role="status">${formatCount(offset + 1)} to ${formatCount(offset + shown)} of ${formatCount(
        total,
      )}</span>
      <button ?disabled=${offset + shown >= total} @click=${() => go(offset + limit)}>Next</button>
    </nav>
  `;
}
