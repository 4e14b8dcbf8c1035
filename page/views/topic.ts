import { html, nothing, type TemplateResult } from "lit-html";
import type { StoreView, TopicView as Topic, VerifyView } from "../../src/ui/contract.ts";
import { messageOf } from "../../src/text/message.ts";
import { ask, topicPath } from "../api.ts";
import { counted, visible } from "../format.ts";
import { type Content, faultBox } from "../pieces.ts";
import { linkTo, type Route } from "../route.ts";
import { View } from "../view.ts";
import { ConsumersTab } from "./consumers.ts";
import { EventsTab } from "./events.ts";
import { OverviewTab } from "./overview.ts";
import { SegmentsTab } from "./segments.ts";
import { SettingsTab } from "./settings.ts";
import type { Tab } from "./tab.ts";
import { VerifyTab } from "./verify.ts";

const INTERVAL_MS = 2000;

interface TabKind {
  key: string;
  label: string;
  needsFiles?: true;
  make: new (name: string, store: StoreView, query: URLSearchParams) => Tab;
}

const TABS: readonly TabKind[] = [
  { key: "", label: "Overview", make: OverviewTab },
  { key: "events", label: "Events", make: EventsTab },
  { key: "consumers", label: "Consumers", make: ConsumersTab },
  { key: "segments", label: "Segments", needsFiles: true, make: SegmentsTab },
  { key: "verify", label: "Verify", needsFiles: true, make: VerifyTab },
  { key: "settings", label: "Settings", make: SettingsTab },
];

/** A topic, with one tab shown at a time. */
export class TopicView extends View {
  readonly #name: string;
  readonly #store: StoreView;
  #kind: TabKind;
  #tab: Tab;
  #topic: Topic | undefined;
  #verify: VerifyView | undefined;
  #takenMs = 0;
  #fault: string | undefined;

  constructor(route: Route, store: StoreView) {
    super();
    this.#name = route.path[1];
    this.#store = store;
    this.#kind = kindOf(route);
    this.#tab = new this.#kind.make(this.#name, this.#store, route.query);
  }

  override get title(): string {
    return `${visible(this.#name)}, ${this.#kind.label.toLowerCase()}`;
  }

  override start(): void {
    this.poll(INTERVAL_MS, () => this.#ask());
    this.#startTab();
  }

  override stop(): void {
    this.#tab.stop();
    super.stop();
  }

  /** Shows another part of the same topic; false if the address is about something else. */
  take(route: Route): boolean {
    if (route.path[0] !== "topics" || route.path[1] !== this.#name) return false;
    this.#tab.stop();
    this.#kind = kindOf(route);
    this.#tab = new this.#kind.make(this.#name, this.#store, route.query);
    this.#startTab();
    return true;
  }

  override render(): TemplateResult {
    this.#tab.topicFault = this.#fault;
    const isMissing = this.#topic === undefined && this.#fault !== undefined;
    // Of a topic that cannot be opened, the files can still be verified.
    const shown = TABS.filter(({ key, needsFiles }) =>
      isMissing ? this.#verify !== undefined && key === "verify" : this.#store.hasFiles || !needsFiles
    );
    return html`<nav class="trail" aria-label="Path"><a href=${linkTo([])}>Topics</a></nav>
      <h1><bdi>${visible(this.#name)}</bdi></h1>
      ${faultBox(this.#fault)} ${this.#damage()}
      ${
      shown.length === 0
        ? nothing
        : html`<nav class="tabs" aria-label="Parts of the topic">${
          shown.map((kind) =>
            html`
              <a href=${linkTo(["topics", this.#name, ...(kind.key === "" ? [] : [kind.key])])}
                aria-current=${kind === this.#kind ? "page" : nothing}>${kind.label}</a>
            `
          )
        }</nav>`
    } ${shown.includes(this.#kind) ? this.#tab.render() : nothing}`;
  }

  #damage(): Content {
    const { damage = 0, redundant = 0, unreadable = 0, foreign = 0 } = this.#verify?.counts ?? {};
    if (damage + redundant + unreadable + foreign === 0) return nothing;
    const what = damage > 0
      ? `Damage was found in ${counted(damage, "place")}`
      : redundant > 0
      ? "Some bytes are wrong, but nothing is lost"
      : unreadable > 0
      ? "Some files could not be checked"
      : "Another program has events of its own in this topic's folder";
    return html`<p class="fault">${what}. <a href=${
      linkTo(["topics", this.#name, "verify"])
    }>See what is wrong</a></p>`;
  }

  #startTab(): void {
    const tab = this.#tab;
    tab.onChange = () => this.changed();
    if (this.#topic !== undefined) tab.setTopic(this.#topic, this.#verify, this.#takenMs);
    tab.start();
  }

  async #ask(): Promise<void> {
    // First: it is answered for every topic that exists, whether or not it can be opened.
    if (this.#store.hasFiles) {
      this.#verify = await ask<VerifyView>(topicPath(this.#name, "verify"), this.signal);
    }
    this.#topic = await ask<Topic>(topicPath(this.#name), this.signal);
    this.#takenMs = performance.now();
    this.#fault = undefined;
    this.#tab.setTopic(this.#topic, this.#verify, this.#takenMs);
    this.changed();
  }

  protected override failed(error: unknown): void {
    this.#fault = messageOf(error);
    this.changed();
  }
}

function kindOf({ path }: Route): TabKind {
  return TABS.find(({ key }) => key === (path[2] ?? "")) ?? TABS[0];
}
