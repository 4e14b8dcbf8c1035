import { html, nothing, type TemplateResult } from "lit-html";
import { formatCount, formatRate, formatSpan } from "../format.ts";
import type { LiveFeed } from "../live_feed.ts";

/** The state of the live view: connection, rate, and what is not shown. */
export function liveBar(
  feed: LiveFeed | undefined,
  { isPaused, held, skipped, isFiltered, onPause }: {
    isPaused: boolean;
    held: number;
    skipped: number;
    isFiltered: boolean;
    onPause: () => void;
  },
): TemplateResult {
  const { hasBegun = false, isConnected = true, isEnded = false, missedMs = 0 } = feed ?? {};
  const isFollowing = hasBegun && isConnected && !isPaused;
  const fast = isFiltered ? "looked at" : "shown";
  const missed = skipped === 0 ? nothing : html`
    <span class="muted">${formatCount(skipped)} came too fast to be ${fast}</span>
  `;
  const gap = missedMs < 1000 || isEnded ? nothing : html`
    <span class="gap">${isConnected ? "Was" : "Is"} not connected for ${formatSpan(
      Math.round(missedMs / 1000),
    )}: what came then is not shown</span>
  `;
  const state = isEnded
    ? "Ended by the server: press Live twice to start again"
    : !isConnected
    ? "Not connected: the server does not answer, trying again"
    : !hasBegun
    ? "Connecting"
    : isPaused
    ? `Paused, ${formatCount(held)} held back`
    : "Following new events";
  return html`<p class="live"><span class="pulse ${isFollowing ? "" : "paused"}"></span>
    <span role="status">${state}</span>
    <span class="muted">${isFollowing ? rateText(feed, isFiltered) : nothing}</span>
    <button @click=${onPause}>${isPaused ? "Resume" : "Pause"}</button>${missed}${gap}</p>`;
}

/** `showing 200 of 12,345/s`. */
function rateText(feed: LiveFeed | undefined, isFiltered: boolean): string {
  const { shown, came } = feed?.rates ?? { shown: 0, came: 0 };
  if (came === 0) return "";
  const isAll = Math.round(shown) >= Math.round(came) || isFiltered;
  return isAll ? formatRate(shown) : `showing ${formatCount(shown)} of ${formatCount(came)}/s`;
}
