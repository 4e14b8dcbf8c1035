import { html, nothing, type TemplateResult } from "lit-html";

/** How long a button says that it has copied. */
const SAID_MS = 1500;

/** A button that copies a text; `what` says more than the label to those who do not see where it stands. */
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
