import { html, nothing, type TemplateResult } from "lit-html";

/** How long a button shows that it has copied. */
const SAID_MS = 1500;

/** A button that copies a text; `what` tells screen readers more than the label does. */
export function copyButton(label: string, text: string, what?: string): TemplateResult {
  const copy = async (event: Event): Promise<void> => {
    const button = event.currentTarget as HTMLButtonElement;
    try {
      await copyText(text);
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

/** Browsers have a clipboard only for pages on this machine or with encryption; without it, an older way works. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return await navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  const before = document.activeElement as HTMLElement | null;
  field.value = text;
  field.className = "unseen";
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  before?.focus();
  if (!isCopied) throw new Error("Cannot copy");
}
