import { html, type TemplateResult } from "lit-html";
import type { Page, SegmentView, StoreView } from "../../src/ui/contract.ts";
import { ask, topicPath, withQuery } from "../api.ts";
import { formatBytes, formatCount } from "../format.ts";
import { moment, pager } from "../pieces.ts";
import { go, linkTo, partitionIn } from "../route.ts";
import { partitionChoice } from "./partition_choice.ts";
import { Tab } from "./tab.ts";

const LIMIT = 50;
const INTERVAL_MS = 5000;

/** The segment files of a partition. */
export class SegmentsTab extends Tab {
  readonly #partition: number;
  /** Why the address is invalid. */
  readonly #wrong: string | undefined;
  #offset = 0;
  #page: Page<SegmentView> | undefined;

  constructor(name: string, store: StoreView, query: URLSearchParams) {
    super(name, store);
    const { partition, fault } = partitionIn(query);
    this.#partition = partition ?? 0;
    this.#wrong = fault;
  }

  override start(): void {
    this.poll(INTERVAL_MS, () => this.#ask());
  }

  override render(): TemplateResult {
    const page = this.#page;
    const choice = partitionChoice({
      count: this.topic?.partitions.total ?? 1,
      chosen: this.#partition,
      choose: (partition) => go(linkTo(["topics", this.name, "segments"], { partition })),
    });
    if (page === undefined) {
      return html`<div class="toolbar">${choice}</div>${this.fault()} ${this.waiting()}`;
    }
    const { items, total, offset } = page;
    return html`<div class="toolbar">${choice}</div>${this.fault()}
      ${
      total === 0 ? html`<p class="empty">Nothing was written to this partition yet.</p>` : html`
        <table class="list">
          <caption class="unseen">Segments of partition ${this.#partition}, the newest first</caption>
          <thead>
            <tr>
              <th scope="col" class="number">First id</th>
              <th scope="col" class="number">Last id</th>
              <th scope="col" class="number">Events</th>
              <th scope="col" class="number">Size</th>
              <th scope="col" class="number">Last written</th>
            </tr>
          </thead>
          <tbody>${items.map(({ firstId, endId, bytes, modified }) =>
            html`
              <tr>
                <th scope="row" data-label="First id"
                  class="number"><a href=${linkTo(["topics", this.name, "events"], {
                    partition: this.#partition,
                    from: firstId,
                  })}>${formatCount(firstId)}<span class="unseen">, events from there</span></a></th>
                <td class="number" data-label="Last id">${endId === undefined
                  ? html`<span class="badge good">being written</span>`
                  : formatCount(endId - 1)}</td>
                <td class="number" data-label="Events">${endId === undefined
                  ? ""
                  : formatCount(endId - firstId)}</td>
                <td class="number" data-label="Size">${formatBytes(bytes)}</td>
                <td class="number" data-label="Last written">${moment(modified)}</td>
              </tr>
            `
          )}</tbody>
        </table>
      `
    }
      ${
      pager({
        offset,
        shown: items.length,
        total,
        limit: LIMIT,
        what: "segments",
        go: (offset) => {
          this.#offset = offset;
          this.run(() => this.#ask());
        },
      })
    }`;
  }

  async #ask(): Promise<void> {
    if (this.#wrong !== undefined) throw new Error(this.#wrong);
    const query = { partition: this.#partition, offset: this.#offset, limit: LIMIT };
    this.#page = await ask<Page<SegmentView>>(
      withQuery(topicPath(this.name, "segments"), query),
      this.signal,
    );
    this.succeeded();
  }
}
