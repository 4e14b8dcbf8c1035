import { html, nothing, type TemplateResult } from "lit-html";
import type { EventsView, EventView, StoreView } from "../../src/ui/contract.ts";
import { ask, topicPath, withQuery } from "../api.ts";
import { counted, formatCount } from "../format.ts";
import { type EventAddress, eventAddressOf, eventLink } from "../event_address.ts";
import { fieldPaths, parsedMetadata } from "../field.ts";
import { LiveFeed } from "../live_feed.ts";
import { isForwards, type PageQuery, searchEvents } from "../event_search.ts";
import { startQuery } from "../event_start.ts";
import type { Content } from "../pieces.ts";
import { go } from "../route.ts";
import { eventCommands } from "./event_commands.ts";
import { eventForm } from "./event_form.ts";
import { eventPager } from "./event_pager.ts";
import { EventRows } from "./event_rows.ts";
import { filterMeaning } from "./filter_meaning.ts";
import { wantedOf } from "../shorthand.ts";
import { foundFiles } from "./found_files.ts";
import { liveBar } from "./live_bar.ts";
import { Tab } from "./tab.ts";

const LIMIT = 50;
/** Events that a live tail keeps on the page. */
const LIVE_MAX = 200;

/** Events, page by page or live. */
export class EventsTab extends Tab {
  readonly #address: EventAddress;
  readonly #rows: EventRows;
  #events: EventView[] | undefined;
  #page: EventsView | undefined;
  /** Increases with every request, so that late results of earlier ones are ignored. */
  #search = 0;
  /** The last request. */
  #query: PageQuery = {};
  /** The page that the address names, in addition to where a search begins. */
  #named: PageQuery | undefined;
  /** The events that the address says are open, and that were not found yet. */
  #toOpen: Set<string>;
  #isSearching = false;
  #skipped = 0;
  #feed: LiveFeed | undefined;
  #isPaused = false;
  #held: EventView[] = [];

  constructor(name: string, store: StoreView, query: URLSearchParams) {
    super(name, store);
    this.#address = eventAddressOf(query);
    this.#named = this.#address.page;
    this.#toOpen = new Set(this.#address.opened);
    this.#rows = new EventRows(name, this.#address.columns, {
      signal: this.signal,
      changed: () => this.changed(),
      toggled: (isOpen) => this.#onToggled(isOpen),
    });
  }

  override start(): void {
    this.run(async () => {
      if (this.#address.fault !== undefined) throw new Error(this.#address.fault);
      if (this.#address.isLive) this.#listen();
      else await this.#askFirstPage();
    });
  }

  override stop(): void {
    this.#rows.stop();
    super.stop();
  }

  protected override again(): void {
    if (!this.#address.isLive) this.run(() => this.#askPage(this.#query));
  }

  override render(): TemplateResult {
    const events = this.#events;
    return html`${this.#form()} ${filterMeaning(this.#address.filter)} ${this.fault()} ${this.#damage()}
      ${this.#address.isLive ? this.#liveBar() : nothing}
      ${
      events === undefined
        ? this.waiting()
        : events.length === 0
        ? html`<p class="empty" role="status">${this.#nothing()}</p>`
        : this.#rows.render(events)
    }
      ${this.#pager()} ${this.#scope()} ${foundFiles(this.name, this.#address)} ${
      eventCommands(this.name, this.#address, this.store)
    }`;
  }

  /** The progress of a filter. */
  #scope(): Content {
    const { left, total } = this.#page?.merged ?? { left: 0, total: 0 };
    const progress = total === 0 || this.#address.filter === ""
      ? nothing
      : html`<span class="muted">${formatCount(total - left)} of ${
        counted(total, "event")
      } looked through</span>`;
    if (this.#isSearching) {
      return html`<p class="live"><span class="pulse"></span><span role="status">Searching</span>
        <button @click=${this.#stopSearch}>Stop</button> ${progress}</p>`;
    }
    return progress === nothing || this.#address.isLive ? nothing : html`<p>${progress}</p>`;
  }

  #form(): TemplateResult {
    return eventForm(this.#address, {
      partitions: this.topic?.partitions.total ?? (this.#address.partition ?? 0) + 1,
      fields: fieldPaths(parsedMetadata(this.#events?.[0]?.metadata ?? "")),
      go: (changes) => {
        const link = this.#link(changes);
        if (location.hash === link) this.run(() => this.#askPage(this.#startQuery()));
        else go(link);
      },
    });
  }

  #liveBar(): TemplateResult {
    return liveBar(this.#feed, {
      isPaused: this.#isPaused,
      held: this.#held.length,
      skipped: this.#skipped,
      isFiltered: this.#address.filter !== "",
      onPause: this.#onPause,
    });
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
    if (this.#address.filter !== "") {
      return this.#isSearched()
        ? "No event matches the filter."
        : "No event searched so far matches the filter.";
    }
    return this.#address.isLive ? "No events yet." : "No events here.";
  }

  /** Whether there are no events before or after those of the page. */
  #isSearched(): boolean {
    if (this.#page === undefined) return false;
    const { merged, fromId, untilId, firstId, endId } = this.#page;
    return merged === undefined
      ? fromId <= firstId && untilId >= endId
      : !merged.hasOlder && !merged.hasNewer;
  }

  #pager(): Content {
    const page = this.#page;
    if (page === undefined || this.#address.isLive) return nothing;
    return eventPager(page, { isFiltered: this.#address.filter !== "", move: (query) => this.#move(query) });
  }

  readonly #onPause = (): void => {
    this.#isPaused = !this.#isPaused;
    if (!this.#isPaused) this.#add(this.#held.splice(0));
    this.changed();
  };

  #link(changes: Record<string, string | number | undefined>): string {
    return eventLink(this.name, this.#address, changes);
  }

  #startQuery(): PageQuery {
    return this.#address.isLive ? {} : startQuery(this.#address);
  }

  #askFirstPage(): Promise<void> {
    return this.#askPage(this.#address.page ?? this.#startQuery());
  }

  /** Goes to another page, and updates the address. */
  #move(query: PageQuery): void {
    const ownStart = { from: undefined, at: undefined };
    history.pushState(null, "", this.#link({ ...ownStart, ...pageChanges(query) }));
    this.#toOpen.clear();
    this.#named = query;
    this.run(() => this.#askPage(query));
  }

  /**
   * The address names the open events, and this page of events, because another one would not contain them.
   */
  #onToggled(isOpen: boolean): void {
    if (this.#address.isLive) {
      // Events being read must not be pushed off the page.
      this.#isPaused ||= isOpen;
      return;
    }
    const opened = this.#rows.openKeys().join(",");
    const page = opened === "" || this.#page === undefined ? this.#named : samePage(this.#page, this.#query);
    history.replaceState(null, "", this.#link({ ...pageChanges(page), opened }));
  }

  async #askPage(query: PageQuery): Promise<void> {
    const search = ++this.#search;
    this.#query = query;
    this.#isSearching = this.#address.filter !== "" && !this.#address.isLive;
    try {
      for await (const page of searchEvents((query, limit) => this.#askOnce(query, limit), query, LIMIT)) {
        if (search !== this.#search) return;
        this.#page = page;
        this.#events = this.#address.isOldestFirst && !this.#address.isLive
          ? page.events
          : page.events.toReversed();
        this.#openWanted(page.events);
        this.succeeded();
        if (!this.#isSearching) return;
      }
    } finally {
      if (search === this.#search) this.#stopSearch();
    }
  }

  #openWanted(events: readonly EventView[]): void {
    for (const event of events) {
      if (this.#toOpen.delete(`${event.partition}/${event.id}`)) this.#rows.open(event);
    }
  }

  readonly #stopSearch = (): void => {
    this.#search++;
    this.#isSearching = false;
    this.changed();
  };

  #askOnce(query: PageQuery, limit: number): Promise<EventsView> {
    const { partition, filter } = this.#address;
    const path = topicPath(this.name, partition === undefined ? "latest" : "events");
    const request = { partition, ...wantedOf(filter), limit, ...query };
    return ask<EventsView>(withQuery(path, request), this.signal);
  }

  #listen(): void {
    const { partition, filter } = this.#address;
    const query = { partition, ...wantedOf(filter) };
    // The page is requested when the feed reports new events: an event stored in between would be in neither.
    let page = Promise.resolve();
    this.#feed = new LiveFeed(withQuery(topicPath(this.name, "live"), query), {
      begun: () => this.run(() => page = this.#askFirstPage()),
      events: (events, skipped) => {
        const show = () => this.#receive(events, skipped);
        page.then(show, show);
      },
      changed: () => this.changed(),
      fault: (fault) => {
        this.failed(new Error(fault));
        // The events may be there although they cannot be followed; if not, the answer says why.
        if (!this.#feed!.hasBegun) this.run(() => this.#askFirstPage());
      },
    }, this.signal);
  }

  #receive(events: readonly EventView[], skipped: number): void {
    this.#skipped += skipped;
    if (this.#isPaused) this.#hold(events);
    else this.#add(events);
    this.succeeded();
  }

  /** Events that do not fit are counted among those not shown. */
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

/** A page in the form that an address uses. */
function pageChanges({ from, ...query }: PageQuery = {}): Record<string, string | number | undefined> {
  return { ...query, ...(from === undefined ? {} : { after: from }) };
}

/** A request for the same events again, whatever has arrived since. */
function samePage({ merged, fromId, untilId }: EventsView, asked: PageQuery): PageQuery {
  if (isForwards(asked)) return merged === undefined ? { from: fromId } : { newer: merged.older };
  return merged === undefined ? { before: untilId } : { older: merged.newer };
}
