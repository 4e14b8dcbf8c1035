import { html, svg, type TemplateResult } from "lit-html";
import { formatRate } from "./format.ts";

const [WIDTH, HEIGHT] = [90, 20];

/** Rates over time, as a small line; also described in words. */
export function sparkline(rates: readonly number[], span: string): TemplateResult {
  const most = Math.max(...rates);
  const step = WIDTH / Math.max(1, rates.length - 1);
  const y = (rate: number): number => HEIGHT - 1 - (most === 0 ? 0 : rate / most * (HEIGHT - 2));
  const points = rates.map((rate, at) => `${(at * step).toFixed(1)},${y(rate).toFixed(1)}`).join(" ");
  const text = most === 0 ? `nothing in the last ${span}` : `up to ${formatRate(most)} in the last ${span}`;
  return html`
    <svg class="sparkline" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"
      aria-label=${text}><title>${text}</title>${svg`<polyline points=${points}></polyline>`}</svg>
  `;
}
