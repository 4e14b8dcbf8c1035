import { html, type TemplateResult } from "lit-html";
import { columnsOf, type EventAddress } from "../event_address.ts";
import { idOf, ZONE } from "../event_start.ts";
import { partitionChoice } from "./partition_choice.ts";

/** The search form, as typed; `go` gets what has changed. */
export function eventForm(
  address: EventAddress,
  { partitions, fields, go }: {
    partitions: number;
    /** Fields that can be shown as columns. */
    fields: readonly string[];
    go: (changes: Record<string, string | number | undefined>) => void;
  },
): TemplateResult {
  const { partition, start, filter, isLive, isOldestFirst, columns } = address;
  const onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    go(changesOf(new FormData(event.target as HTMLFormElement), address));
  };
  return html`<form class="toolbar" @submit=${onSubmit}>
    ${
    partitionChoice({
      count: partitions,
      chosen: partition,
      // A time applies to every partition, an id to the selected one.
      choose: (partition) => go(partition === undefined ? { partition, from: undefined } : { partition }),
      all: true,
    })
  }
    <label>From
      <input name="start" size="22" placeholder="15m, 12:00, a date or an id" .value=${start}
        ?disabled=${isLive}
        title="An age such as 15m, a time such as 12:00 or 2026-11-23 15:48 (${ZONE}), or an id of a partition"></label>
    <label>Order
      <select name="order" ?disabled=${isLive}>
        <option value="" ?selected=${!isOldestFirst}>newest first</option>
        <option value="oldest" ?selected=${isOldestFirst}>oldest first</option>
      </select></label>
    <label class="grow">Filter
      <input name="filter" spellcheck="false" autocomplete="off" placeholder="energy > 40, a text, or a pattern"
        .value=${filter} title="Conditions such as energy > 40 and run.kind = test (also !=, >=, <=, and ~ for a part of a text), a text to look for, or an event pattern of EventBridge"></label>
    <label class="columns">Columns
      <input name="columns" size="18" spellcheck="false" autocomplete="off" placeholder="energy, run.kind"
        list="fields" .value=${
    columns.join(", ")
  } title="Fields of the metadata that get a column of their own"></label>
    <datalist id="fields">${fields.map((field) => html`<option value=${field}></option>`)}</datalist>
    <button class="primary">Show</button>
    <button type="button" class="toggle" aria-pressed=${isLive ? "true" : "false"} @click=${() =>
    go({ live: isLive ? undefined : "1", from: undefined, at: undefined })}>Live</button>
  </form>`;
}

function changesOf(form: FormData, { start: startBefore }: EventAddress): Record<string, string | undefined> {
  const typed = (name: string): string => String(form.get(name) ?? "").trim();
  const start = typed("start");
  const id = idOf(start);
  // After choosing a start, users want to see it first.
  const isNewStart = start !== "" && start !== startBefore;
  const isCleared = start === "" && startBefore !== "";
  return {
    ...(id === undefined ? { from: undefined, at: start || undefined } : { from: String(id), at: undefined }),
    filter: typed("filter"),
    columns: columnsOf(typed("columns")).join(","),
    order: isNewStart ? "oldest" : isCleared ? "" : typed("order"),
  };
}
