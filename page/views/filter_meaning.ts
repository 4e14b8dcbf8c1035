import { html, nothing } from "lit-html";
import { visible } from "../format.ts";
import type { Content } from "../pieces.ts";
import { wantedOf } from "../shorthand.ts";

/** What a short filter means; empty if it is already a pattern, or there is none. */
export function filterMeaning(typed: string): Content {
  if (typed === "" || typed.startsWith("{")) return nothing;
  try {
    const { filter, text } = wantedOf(typed);
    return filter === undefined
      ? html`<p class="muted">Events whose metadata has the text <code>${visible(text ?? "")}</code></p>`
      : html`<p class="muted">As a pattern: <code class="pattern">${visible(filter)}</code>${
        text === undefined ? nothing : html`, with the digits <code>${text}</code>`
      }</p>`;
  } catch {
    // It is reported in place of the events.
    return nothing;
  }
}
