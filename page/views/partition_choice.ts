import { html, nothing, type TemplateResult } from "lit-html";

/** More partitions than this are entered by number rather than listed. */
const LISTED_MAX = 64;

/** Which partition; with `all`, none is also a choice. */
export function partitionChoice(
  { count, chosen, choose, all }: {
    count: number;
    chosen: number | undefined;
    choose: (partition: number | undefined) => void;
    all?: true;
  },
): TemplateResult {
  const picked = (event: Event): void => {
    const { value } = event.target as HTMLInputElement | HTMLSelectElement;
    choose(value === "" ? undefined : Number(value));
  };
  if (count > LISTED_MAX) {
    return html`<label>Partition
      <input type="number" min="0" max=${count - 1} placeholder=${all ? "all" : nothing} .value=${
      chosen === undefined ? "" : String(chosen)
    } @change=${picked}></label>`;
  }
  return html`<label>Partition
    <select @change=${picked}>${
    all ? html`<option value="" ?selected=${chosen === undefined}>all</option>` : nothing
  }${
    Array.from({ length: count }, (_, at) =>
      html`<option value=${at} ?selected=${at === chosen}>${at}</option>`)
  }</select></label>`;
}
