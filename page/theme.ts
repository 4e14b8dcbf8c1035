import { html, type TemplateResult } from "lit-html";

const KEY = "diaspora-ui-theme";
const THEMES = ["system", "light", "dark"];

/** Applies the earlier choice. */
export function startTheme(): void {
  try {
    apply(localStorage.getItem(KEY) ?? "system");
  } catch {
    // Storage may be forbidden; then the choice lasts until the page is closed.
  }
}

function apply(theme: string): void {
  if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
  else delete document.documentElement.dataset["theme"];
}

/** The choice between light and dark. */
export function themeChoice(onChange: () => void): TemplateResult {
  const chosen = document.documentElement.dataset["theme"] ?? "system";
  const choose = (event: Event): void => {
    const theme = (event.target as HTMLSelectElement).value;
    apply(theme);
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // As above.
    }
    onChange();
  };
  return html`<label class="theme"><span>Theme</span> <select @change=${choose}>${
    THEMES.map((theme) => html`<option value=${theme} ?selected=${theme === chosen}>${theme}</option>`)
  }</select></label>`;
}
