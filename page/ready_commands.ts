import { html, type TemplateResult } from "lit-html";
import { commandLine, quoted } from "./command_line.ts";
import { copyButton } from "./copy_button.ts";

/** What a command does, its arguments after `diaspora-ctl`, and a command that gets its output. */
export type ReadyCommand = readonly [does: string, words: readonly string[], then?: readonly string[]];

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
      <ul>${commands.map(([does, words, then = []]) => {
        const pipe = then.length === 0 ? "" : ` | ${then.map(quoted).join(" ")}`;
        const line = commandLine([...words, ...store]) + pipe;
        return html`<li><span>${does}</span> <code><bdi>${wordsOf(line)}</bdi></code> ${
          copyButton("Copy", line, does)
        }</li>`;
      })}</ul>
    </details>
  `;
}

/** A command of which no word is divided at the end of a line. */
function wordsOf(line: string): (string | TemplateResult)[] {
  return line.split(/( )/).map((word) => word === " " ? word : html`<span>${word}</span>`);
}
