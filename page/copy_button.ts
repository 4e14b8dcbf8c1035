import { html, nothing, type TemplateResult } from "lit-html";

/** How long a button shows that it has copied. */
const SAID_MS = 1500;

/** A button that copies a text; `what` tells screen readers more than the label does. */
export function copyButton(label: string, text: string, what?: string): TemplateResult {
  const copy = async (event: Event): Promise<void> => {
    const button = event.currentTarget as HTMLButtonElement;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Cannot copy here";
    }
    setTimeout(() => button.textContent = label, SAID_MS);
  };
  return html`
    <button type="button" class="copy" aria-label=${what === undefined
      ? nothing
      : `${label}: ${what}`} @click=${copy}
      .textContent=${label}></button>
  `;
}
