import { html, nothing } from "lit-html";
import { visible } from "../format.ts";
import type { Content } from "../pieces.ts";
import { wantedOf } from "../shorthand.ts";

/** What a short filter stands for; nothing where it is a pattern already, or none. */
export function filterMeaning(typed: string): Content {
  if (typed === "" || typed.startsWith("{")) return nothing;
  try {
    const { filter, text } = wantedOf(typed);
    return filter === undefined
      ? html`<p class="muted">Events whose metadata have the text <code>${visible(text ?? "")}</code></p>`
      : html`<p class="muted">As a pattern: <code class="pattern">${visible(filter)}</code></p>`;
  } catch {
    // It is said where the events would be.
    return nothing;
  }
}
