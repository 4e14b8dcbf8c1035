import { html, nothing, type TemplateResult } from "lit-html";
import type { EventsView } from "../../src/ui/contract.ts";
import type { PageQuery } from "../event_search.ts";
import { ZONE } from "../event_start.ts";
import { formatCount, formatTime } from "../format.ts";
import type { Content } from "../pieces.ts";

/** Which events a page shows, and links to older and newer ones. */
export function eventPager(
  page: EventsView,
  { isFiltered, move }: { isFiltered: boolean; move: (query: PageQuery) => void },
): TemplateResult {
  const { firstId, endId, fromId, untilId, merged } = page;
  const [newer, older]: [PageQuery | undefined, PageQuery | undefined] = merged === undefined
    ? [untilId < endId ? { from: untilId } : undefined, fromId > firstId ? { before: fromId } : undefined]
    : [
      merged.hasNewer ? { newer: merged.newer } : undefined,
      merged.hasOlder ? { older: merged.older } : undefined,
    ];
  return html`
    <nav class="pager" aria-label="Other events">
      <button ?disabled=${newer === undefined} @click=${() => move(newer!)}>Newer</button>
      <span role="status">${merged === undefined ? idText(page, isFiltered) : timeText(page)}</span>
      <button ?disabled=${older === undefined} @click=${() => move(older!)}>Older</button>
    </nav>
  `;
}

function idText({ firstId, endId, fromId, untilId }: EventsView, isFiltered: boolean): Content {
  if (endId === firstId) return "empty";
  return html`${formatCount(fromId)} to ${formatCount(Math.max(fromId, untilId - 1))} ${
    isFiltered ? "looked through " : nothing
  }of ${formatCount(firstId)} to ${formatCount(endId - 1)}`;
}

function timeText({ events }: EventsView): Content {
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined) return "empty";
  return html`${formatTime(first.timestamp)} to ${formatTime(last.timestamp)} (${ZONE})`;
}
