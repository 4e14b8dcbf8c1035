import { html, nothing, type TemplateResult } from "lit-html";
import type { OptionView } from "../../src/ui/contract.ts";
import { topicWords } from "../command_line.ts";
import { formatBytes, formatCount, formatSpan, visible } from "../format.ts";
import { prettyJson } from "../json_text.ts";
import { type Content, waiting } from "../pieces.ts";
import { type ReadyCommand, readyCommands } from "../ready_commands.ts";
import { Tab } from "./tab.ts";

/** The options the topic was created with, and the defaults of the others. */
export class SettingsTab extends Tab {
  override render(): TemplateResult {
    const { topic } = this;
    if (topic === undefined) return waiting();
    const { path, validator, serializer, partitionSelector } = topic;
    const documents = [
      ["Validator", validator],
      ["Partition selector", partitionSelector],
      ["Serializer", serializer],
    ] as const;
    return html`${
      path === undefined ? nothing : html`<p>Stored in <code><bdi>${visible(path)}</bdi></code></p>`
    }
      <h2>Options</h2>${this.#options(topic.options)} ${this.#commands()}
      <div class="documents">${
      documents.map(([name, document]) =>
        html`<section aria-label=${name}><h2>${name}</h2>${prettyJson(JSON.stringify(document))}</section>`
      )
    }</div>`;
  }

  #options(set: Readonly<Record<string, unknown>>): TemplateResult {
    const known = this.store.topicOptions;
    const others = Object.keys(set).filter((name) => !known.some(({ key }) => key === name));
    return html`
      <table class="list">
        <thead>
          <tr>
            <th scope="col">Option</th>
            <th scope="col">Value</th>
            <th scope="col">Default</th>
            <th scope="col">What it means</th>
          </tr>
        </thead>
        <tbody>${known.map((option) => row(option, set[option.key]))}${others.map((key) =>
          row({ key, meaning: "", ifUnset: "", canChange: false }, set[key])
        )}</tbody>
      </table>
    `;
  }

  #commands(): Content {
    const commands = this.store.topicOptions.filter(({ canChange }) => canChange).map((
      option,
    ): ReadyCommand => [
      `Change ${option.key}`,
      ["topic", "edit", ...topicWords(this.name), `--topic.${option.key}`, exampleOf(option)],
    ]);
    return commands.length === 0 ? nothing : readyCommands("Change an option", commands, this.store.words);
  }
}

function row({ key, meaning, ifUnset }: OptionView, value: unknown): TemplateResult {
  const isSet = value !== undefined && value !== null;
  return html`
    <tr>
      <th scope="row"><code><bdi>${visible(key)}</bdi></code></th>
      <td data-label="Value">${isSet ? valueOf(key, value) : html`<span class="muted">not set</span>`}</td>
      <td data-label="Default">${valueOf(key, ifUnset)}</td>
      <td class="meaning">${meaning.replaceAll("`", "")}</td>
    </tr>
  `;
}

/** A value with its unit, rounded and exact. */
function valueOf(key: string, value: unknown): Content {
  const number = typeof value === "number" || /^\d+$/.test(String(value)) ? Number(value) : NaN;
  const text = visible(typeof value === "string" ? value : JSON.stringify(value));
  const readable = Number.isNaN(number)
    ? undefined
    : key.endsWith("_bytes")
    ? formatBytes(number)
    : key.endsWith("_seconds")
    ? formatSpan(number)
    : undefined;
  if (readable === undefined) return html`<bdi>${text}</bdi>`;
  return html`<span>${readable} <span class="muted exact">(${formatCount(number)} ${
    key.endsWith("_bytes") ? "bytes" : "s"
  })</span></span>`;
}

/** A value to begin with. */
function exampleOf({ key, ifUnset }: OptionView): string {
  if (key.endsWith("_seconds")) return "604800";
  if (key.endsWith("_bytes")) return "1e9";
  return key === "flush_behavior" ? "on_flush" : ifUnset === "false" ? "true" : "VALUE";
}
