import { html, nothing, type TemplateResult } from "lit-html";
import type { EventsView, EventView, StoreView } from "../../src/ui/contract.ts";
import { ask, topicPath, withQuery } from "../api.ts";
import { formatCount, formatRate, formatSpan } from "../format.ts";
import { LiveFeed } from "../live_feed.ts";
import { type PageQuery, searchEvents } from "../event_search.ts";
import { idOf, pageOf, startQuery, ZONE } from "../event_start.ts";
import { type Content, waiting } from "../pieces.ts";
import { go, linkTo } from "../route.ts";
import { eventCommands } from "./event_commands.ts";
import { eventPager } from "./event_pager.ts";
import { EventRows } from "./event_rows.ts";
import { filterMeaning } from "./filter_meaning.ts";
import { wantedOf } from "../shorthand.ts";
import { partitionChoice } from "./partition_choice.ts";
import { Tab } from "./tab.ts";

const LIMIT = 50;
/** Events that a live tail keeps on the page. */
const LIVE_MAX = 200;

/** Events, page by page or as they come. */
export class EventsTab extends Tab {
  readonly #partition: number | undefined;
  readonly #filter: string;
  readonly #start: string;
  readonly #isLive: boolean;
  readonly #isOldestFirst: boolean;
  /** The event that the address wants to be open. */
  #open: number | undefined;
  /** The page that the address names, beside where a search begins. */
  readonly #page0: PageQuery | undefined;
  readonly #rows: EventRows;
  #events: EventView[] | undefined;
  #page: EventsView | undefined;
  /** Grows with every question, so that what an earlier one still finds is left alone. */
  #search = 0;
  #isSearching = false;
  #skipped = 0;
  #feed: LiveFeed | undefined;
  #isPaused = false;
  #held: EventView[] = [];

  constructor(name: string, store: StoreView, query: URLSearchParams) {
    super(name, store);
    const partition = query.get("partition");
    this.#partition = partition === null ? undefined : Number(partition);
    this.#filter = query.get("filter") ?? "";
    this.#start = query.get("from") ?? query.get("at") ?? "";
    this.#open = this.#partition === undefined ? undefined : idOf(query.get("open") ?? "");
    this.#page0 = pageOf(query) ?? (this.#open === undefined ? undefined : { from: this.#open });
    this.#isOldestFirst = query.get("order") === "oldest" || this.#open !== undefined;
    this.#isLive = query.get("live") === "1";
    this.#rows = new EventRows(name, this.signal, () => this.changed(), () => {
      // What is being read must not be pushed away.
      this.#isPaused = this.#isLive;
    });
  }

  override start(): void {
    this.run(async () => {
      await this.#askPage(this.#page0 ?? this.#startQuery());
      if (this.#isLive) this.#listen();
    });
  }

  override stop(): void {
    this.#rows.stop();
    super.stop();
  }

  override render(): TemplateResult {
    const events = this.#events;
    return html`${this.#form()} ${filterMeaning(this.#filter)} ${this.fault()} ${this.#damage()}
      ${this.#isLive ? this.#liveBar() : nothing}
      ${
      events === undefined
        ? waiting()
        : events.length === 0
        ? html`<p class="empty" role="status">${this.#nothing()}</p>`
        : this.#rows.render(events)
    }
      ${this.#pager()} ${this.#scope()} ${
      eventCommands(
        { topic: this.name, partition: this.#partition, start: this.#start, filter: this.#filter },
        this.store,
      )
    }`;
  }

  /** How far a filter has looked. */
  #scope(): Content {
    const { left, total } = this.#page?.merged ?? { left: 0, total: 0 };
    const progress = total === 0 || this.#filter === ""
      ? nothing
      : html`<span class="muted">${formatCount(total - left)} of ${
        formatCount(total)
      } events looked through</span>`;
    if (this.#isSearching) {
      return html`<p class="live"><span class="pulse"></span><span role="status">Looking further</span>
        <button @click=${this.#stopSearch}>Stop</button> ${progress}</p>`;
    }
    return progress === nothing || this.#isLive ? nothing : html`<p>${progress}</p>`;
  }

  #form(): TemplateResult {
    return html`<form class="toolbar" @submit=${this.#onSubmit}>
      ${
      partitionChoice({
        count: this.topic?.partitions.total ?? (this.#partition ?? 0) + 1,
        chosen: this.#partition,
        // A time is one of every partition, and an id of the one that is chosen.
        choose: (partition) =>
          go(this.#link(partition === undefined ? { partition, from: undefined } : { partition })),
        all: true,
      })
    }
      <label>From
        <input name="start" size="22" placeholder="15m, 12:00, a date or an id" .value=${this.#start}
          ?disabled=${this.#isLive}
          title="An age such as 15m, a time such as 12:00 or 2026-11-23 15:48 (${ZONE}), or an id of a partition"></label>
      <label>Order
        <select name="order" ?disabled=${this.#isLive}>
          <option value="" ?selected=${!this.#isOldestFirst}>newest first</option>
          <option value="oldest" ?selected=${this.#isOldestFirst}>oldest first</option>
        </select></label>
      <label class="grow">Filter
        <input name="filter" spellcheck="false" autocomplete="off" placeholder="energy > 40, a text, or a pattern"
          .value=${this.#filter} title="Conditions such as energy > 40 and run.kind = test (also !=, >=, <=, and ~ for a part of a text), a text to look for, or an event pattern of EventBridge"></label>
      <button class="primary">Show</button>
      <button type="button" class="toggle" aria-pressed=${this.#isLive ? "true" : "false"} @click=${() =>
      go(this.#link({ live: this.#isLive ? undefined : "1", from: undefined, at: undefined }))}>Live</button>
    </form>`;
  }

  #liveBar(): TemplateResult {
    const { isConnected = true, missedMs = 0 } = this.#feed ?? {};
    const isFollowing = isConnected && !this.#isPaused;
    const fast = this.#filter === "" ? "shown" : "looked at";
    const skipped = this.#skipped === 0 ? nothing : html`
      <span class="muted">${formatCount(this.#skipped)} came too fast to be ${fast}</span>
    `;
    const gap = missedMs < 1000 ? nothing : html`
      <span class="gap">${isConnected ? "Was" : "Is"} not connected for ${formatSpan(
        Math.round(missedMs / 1000),
      )}: what came then is not shown</span>
    `;
    return html`<p class="live"><span class="pulse ${isFollowing ? "" : "paused"}"></span>
      <span role="status">${this.#liveState(isConnected)}</span>
      <span class="muted">${isFollowing ? this.#rateText() : nothing}</span>
      <button @click=${this.#onPause}>${this.#isPaused ? "Resume" : "Pause"}</button>${skipped}${gap}</p>`;
  }

  #liveState(isConnected: boolean): string {
    if (!isConnected) return "Not connected: the server does not answer, trying again";
    if (this.#isPaused) return `Paused, ${formatCount(this.#held.length)} held back`;
    return "Following new events";
  }

  /** `showing 200 of 12,345/s`. */
  #rateText(): string {
    const { shown, came } = this.#feed?.rates ?? { shown: 0, came: 0 };
    if (came === 0) return "";
    const isAll = Math.round(shown) >= Math.round(came) || this.#filter !== "";
    return isAll ? formatRate(shown) : `showing ${formatCount(shown)} of ${formatCount(came)}/s`;
  }

  #damage(): Content {
    const damage = this.#page?.damage ?? [];
    if (damage.length === 0) return nothing;
    return html`
      <div class="fault" role="alert">
        <p>Some events here are damaged and left out:</p>
        <ul>${damage.slice(0, 10).map((text) => html`<li>${text}</li>`)}</ul>
      </div>
    `;
  }

  #nothing(): string {
    if (this.#isSearching) return "Nothing found yet.";
    if (this.#filter !== "") return "No event that was looked at matches the filter.";
    return this.#isLive ? "Nothing has come yet." : "There are no events here.";
  }

  #pager(): Content {
    const page = this.#page;
    if (page === undefined || this.#isLive) return nothing;
    return eventPager(page, { isFiltered: this.#filter !== "", move: (query) => this.#move(query) });
  }

  readonly #onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const start = String(form.get("start") ?? "").trim();
    const filter = String(form.get("filter") ?? "").trim();
    const order = String(form.get("order") ?? "");
    const place = idOf(start) === undefined
      ? { from: undefined, at: start || undefined }
      : { from: String(idOf(start)), at: undefined };
    // Who asks from somewhere on wants to see that first.
    const isNewStart = start !== "" && start !== this.#start;
    const isCleared = start === "" && this.#start !== "";
    const link = this.#link({ ...place, filter, order: isNewStart ? "oldest" : isCleared ? "" : order });
    if (location.hash === link) this.run(() => this.#askPage(this.#startQuery()));
    else go(link);
  };

  readonly #onPause = (): void => {
    this.#isPaused = !this.#isPaused;
    if (!this.#isPaused) this.#add(this.#held.splice(0));
    this.changed();
  };

  #link(changes: Record<string, string | number | undefined>): string {
    const id = idOf(this.#start);
    return linkTo(["topics", this.name, "events"], {
      partition: this.#partition,
      filter: this.#filter,
      live: this.#isLive ? "1" : undefined,
      from: id,
      at: id === undefined ? this.#start : undefined,
      order: this.#isOldestFirst ? "oldest" : undefined,
      ...changes,
    });
  }

  #startQuery(): PageQuery {
    if (this.#isLive) return {};
    return startQuery({ start: this.#start, partition: this.#partition, isOldestFirst: this.#isOldestFirst });
  }

  /** Goes to another page, which the address names then. */
  #move(query: PageQuery): void {
    const link = this.#link({ ...query, from: undefined, at: undefined, after: query.from });
    history.pushState(null, "", link);
    this.run(() => this.#askPage(query));
  }

  async #askPage(query: PageQuery): Promise<void> {
    const search = ++this.#search;
    this.#isSearching = this.#filter !== "" && !this.#isLive;
    try {
      for await (const page of searchEvents((query, limit) => this.#askOnce(query, limit), query, LIMIT)) {
        if (search !== this.#search) return;
        this.#page = page;
        this.#events = this.#isOldestFirst && !this.#isLive ? page.events : page.events.toReversed();
        this.#openOnce(page.events);
        this.succeeded();
        if (!this.#isSearching) return;
      }
    } finally {
      if (search === this.#search) this.#stopSearch();
    }
  }

  #openOnce(events: readonly EventView[]): void {
    const wanted = events.find(({ id }) => id === this.#open);
    if (wanted !== undefined) this.#rows.open(wanted);
    this.#open = undefined;
  }

  readonly #stopSearch = (): void => {
    this.#search++;
    this.#isSearching = false;
    this.changed();
  };

  #askOnce(query: PageQuery, limit: number): Promise<EventsView> {
    const path = topicPath(this.name, this.#partition === undefined ? "latest" : "events");
    const request = { partition: this.#partition, ...wantedOf(this.#filter), limit, ...query };
    return ask<EventsView>(withQuery(path, request), this.signal);
  }

  #listen(): void {
    const query = { partition: this.#partition, ...wantedOf(this.#filter) };
    this.#feed = new LiveFeed(withQuery(topicPath(this.name, "live"), query), {
      events: (events, skipped) => {
        this.#skipped += skipped;
        if (this.#isPaused) this.#hold(events);
        else this.#add(events);
        this.succeeded();
      },
      changed: () => this.changed(),
      fault: (fault) => this.failed(new Error(fault)),
    }, this.signal);
  }

  /** Those that do not fit are counted as others that were not shown. */
  #hold(events: readonly EventView[]): void {
    const held = [...this.#held, ...events];
    this.#skipped += Math.max(0, held.length - LIVE_MAX);
    this.#held = held.slice(-LIVE_MAX);
  }

  #add(events: readonly EventView[]): void {
    const known = new Set(this.#events?.map(({ partition, id }) => `${partition}/${id}`));
    const fresh = events.filter(({ partition, id }) => !known.has(`${partition}/${id}`));
    this.#events = [...fresh.toReversed(), ...this.#events ?? []].slice(0, LIVE_MAX);
  }
}
