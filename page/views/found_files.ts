import { html, nothing, type TemplateResult } from "lit-html";
import { topicPath, withQuery } from "../api.ts";
import type { EventAddress } from "../event_address.ts";
import { startQuery } from "../event_start.ts";
import type { Content } from "../pieces.ts";
import { wantedOf } from "../shorthand.ts";

/** Links that save everything a search finds, not only the current page. */
export function foundFiles(topic: string, { partition, filter, start }: EventAddress): Content {
  let query: Record<string, string | number | undefined>;
  try {
    query = { ...startQuery({ start, partition, isOldestFirst: false }), ...wantedOf(filter), partition };
  } catch {
    // The error is reported in place of the events.
    return nothing;
  }
  const file = (as: string, text: string): TemplateResult =>
    html`<a href=${withQuery(topicPath(topic, "found"), { as, ...query })} download>${text}</a>`;
  return html`<p class="save"><span class="muted">Save all ${
    filter === "" ? "events" : "that match"
  } as</span> ${file("jsonl", "JSON Lines")} ${file("data", "JSON Lines with data")}
    ${file("tar", "data parts (tar)")}</p>`;
}
