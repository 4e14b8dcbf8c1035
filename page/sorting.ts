import { html, nothing, type TemplateResult } from "lit-html";

/** A column by which a list can be sorted. */
export interface SortColumn {
  key: string;
  label: string;
  /** Numbers are right-aligned, and sorted in descending order first. */
  isNumber?: boolean;
}

/** Column headers that sort by them: `events`, or `-events` in descending order. */
export function sortHeads(
  columns: readonly SortColumn[],
  chosen: string,
  choose: (sort: string) => void,
): TemplateResult[] {
  return columns.map(({ key, label, isNumber = false }) => {
    const [isUp, isDown] = [chosen === key, chosen === `-${key}`];
    const next = isUp ? `-${key}` : isDown || !isNumber ? key : `-${key}`;
    return html`
      <th scope="col" class=${isNumber ? "number" : ""}
        aria-sort=${isUp
          ? "ascending"
          : isDown
          ? "descending"
          : nothing}><button type="button" class="sort" @click=${() => choose(next)}>${label}</button></th>
    `;
  });
}

/** The same choice for narrow windows, where a list has no headers. */
export function sortChoice(
  columns: readonly SortColumn[],
  chosen: string,
  choose: (sort: string) => void,
): TemplateResult {
  const picked = (event: Event): void => choose((event.target as HTMLSelectElement).value);
  return html`<label class="sort-choice">Sort by <select @change=${picked}>${
    columns.map(({ key, label, isNumber }) => {
      const sort = isNumber ? `-${key}` : key;
      return html`<option value=${sort} ?selected=${chosen === sort}>${label}</option>`;
    })
  }</select></label>`;
}
