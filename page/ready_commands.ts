import { html, type TemplateResult } from "lit-html";
import { commandLine } from "./command_line.ts";
import { copyButton } from "./copy_button.ts";

/** What a command does, and its arguments after `diaspora-ctl`. */
export type ReadyCommand = readonly [does: string, words: readonly string[]];

/** Commands for what the page cannot do itself, ready to be copied. */
export function readyCommands(
  title: string,
  commands: readonly ReadyCommand[],
  store: readonly string[],
  isOpen = false,
): TemplateResult {
  return html`
    <details class="commands" ?open=${isOpen}>
      <summary>${title}</summary>
      <ul>${commands.map(([does, words]) => {
        const line = commandLine([...words, ...store]);
        return html`<li><span>${does}</span> <code><bdi>${line}</bdi></code> ${
          copyButton("Copy", line, does)
        }</li>`;
      })}</ul>
    </details>
  `;
}
