import { render, type TemplateResult } from "lit-html";

/** The current state of a table row. */
export interface Row {
  key: string;
  /** Increases when the row looks different, so that it is drawn again. */
  version: unknown;
  className: string;
  cells: () => TemplateResult;
  onClick?: (event: MouseEvent) => void;
  id?: string;
}

/**
 * Keeps the rows of a table body in the order of their keys, and draws only new and changed ones. Unlike
 * `repeat`, which leaves a comment node for every removed row, it removes rows completely: a live table has
 * thousands a minute.
 */
export class KeyedRows {
  #body: Element | undefined;
  #rows: readonly Row[] = [];
  #shown = new Map<string, { element: HTMLTableRowElement; row: Row }>();

  /** For `ref`: the body that holds the rows; it may still hold those of a previous table. */
  readonly host = (body?: Element): void => {
    this.#body = body;
    this.#shown.clear();
    body?.replaceChildren();
    this.#sync();
  };

  /** Shows these rows, in this order. */
  show(rows: readonly Row[]): void {
    this.#rows = rows;
    this.#sync();
  }

  #sync(): void {
    const body = this.#body;
    if (body === undefined) return;
    const wanted = new Set(this.#rows.map(({ key }) => key));
    for (const [key, { element }] of this.#shown) {
      if (wanted.has(key)) continue;
      element.remove();
      this.#shown.delete(key);
    }
    let next = body.firstElementChild;
    for (const row of this.#rows) {
      const element = this.#elementOf(row);
      if (element === next) next = next.nextElementSibling;
      else body.insertBefore(element, next);
    }
  }

  #elementOf(row: Row): HTMLTableRowElement {
    const shown = this.#shown.get(row.key);
    if (shown !== undefined && shown.row.version === row.version) {
      shown.row = row;
      return shown.element;
    }
    const element = shown?.element ?? document.createElement("tr");
    element.className = row.className;
    if (row.id !== undefined) element.id = row.id;
    if (shown === undefined) {
      element.addEventListener("click", (click) => this.#shown.get(row.key)?.row.onClick?.(click));
    }
    render(row.cells(), element);
    this.#shown.set(row.key, { element, row });
    return element;
  }
}
