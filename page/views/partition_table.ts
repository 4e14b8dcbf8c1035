import { html, nothing, svg, type TemplateResult } from "lit-html";
import type { PartitionDescription } from "../../src/contract.ts";
import type { FindingView } from "../../src/ui/contract.ts";
import { formatBytes, formatCount, formatRate, visible } from "../format.ts";
import { moment } from "../pieces.ts";
import { linkTo } from "../route.ts";

/** The partitions, each with a bar that compares its events with the others'. */
export function partitionTable(
  partitions: readonly PartitionDescription[],
  { topic, eventsMost, rates, findings }: {
    topic: string;
    /** The number of events in the largest partition. */
    eventsMost: number;
    /** Events/s by partition, for those where it is known. */
    rates: ReadonlyMap<number, number>;
    findings: readonly FindingView[];
  },
): TemplateResult {
  const damaged = new Set(
    findings.filter(({ severity }) => severity === "damage").map(({ partition }) => partition),
  );
  const row = (description: PartitionDescription): TemplateResult => {
    const { partition, firstId, nextId, bytes, segments, oldestTime, newestTime, fault } = description;
    const rate = rates.get(partition);
    return html`
      <tr>
        <th scope="row" data-label="Partition"
          class="number"><a href=${linkTo(["topics", topic, "events"], {
            partition,
          })}>${partition}<span class="unseen">, its events</span></a>${damaged.has(partition)
            ? html`
              <span class="badge bad">damaged</span>
            `
            : nothing}${fault === undefined ? nothing : html`
            <span class="badge warn" title=${visible(fault)}>unavailable</span>
          `}</th>
        <td class="number" data-label="First id">${formatCount(firstId)}</td>
        <td class="number" data-label="Next id">${formatCount(nextId)}</td>
        <td class="number" data-label="Events">${formatCount(nextId - firstId)}</td>
        <td class="share">${bar(nextId - firstId, eventsMost)}</td>
        <td class="number" data-label="Rate">${rate === undefined ? "…" : formatRate(rate)}</td>
        <td class="number" data-label="Size">${formatBytes(bytes)}</td>
        <td class="number" data-label="Segments">${formatCount(segments)}</td>
        <td class="number" data-label="Oldest">${moment(oldestTime)}</td>
        <td class="number" data-label="Newest">${moment(newestTime)}</td>
      </tr>
    `;
  };
  return html`
    <table class="list partitions">
      <thead>
        <tr>
          <th scope="col" class="number">Partition</th>
          <th scope="col" class="number">First id</th>
          <th scope="col" class="number">Next id</th>
          <th scope="col" class="number">Events</th>
          <th scope="col" class="share"><span class="unseen">Compared</span></th>
          <th scope="col" class="number">Rate</th>
          <th scope="col" class="number">Size</th>
          <th scope="col" class="number">Segments</th>
          <th scope="col" class="number">Oldest</th>
          <th scope="col" class="number">Newest</th>
        </tr>
      </thead>
      <tbody>${partitions.map(row)}</tbody>
    </table>
  `;
}

/** A share of the maximum, as the length of a bar. */
function bar(value: number, most: number): TemplateResult {
  const percent = most === 0 ? 0 : value / most * 100;
  const text = `${Math.round(percent)} % of the largest`;
  return html`
    <svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" role="img"
      aria-label=${text}><title>${text}</title>${svg`<rect width=${
        percent.toFixed(1)
      } height="1"></rect>`}</svg>
  `;
}
