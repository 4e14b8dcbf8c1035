import { html, nothing, type TemplateResult } from "lit-html";
import { visible } from "../format.ts";
import { prettyJson } from "../json_text.ts";
import { waiting } from "../pieces.ts";
import { Tab } from "./tab.ts";

/** What the topic was created with. */
export class SettingsTab extends Tab {
  override render(): TemplateResult {
    const { topic } = this;
    if (topic === undefined) return waiting();
    const { path, options, validator, serializer, partitionSelector } = topic;
    const documents = [
      ["Options", options],
      ["Validator", validator],
      ["Partition selector", partitionSelector],
      ["Serializer", serializer],
    ] as const;
    return html`${
      path === undefined ? nothing : html`<p>Kept in <code><bdi>${visible(path)}</bdi></code></p>`
    }
      <div class="documents">${
      documents.map(([name, document]) =>
        html`<section aria-label=${name}><h2>${name}</h2>${prettyJson(JSON.stringify(document))}</section>`
      )
    }</div>`;
  }
}
