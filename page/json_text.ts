import { html, type TemplateResult } from "lit-html";
import { visible } from "./format.ts";

/** Longer texts are not formatted. */
const PRETTY_CHARS_MAX = 200_000;

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*)|(true|false|null)|([{}[\],]))/y;

interface Token {
  kind: "key" | "string" | "number" | "word" | "mark";
  text: string;
  /** Written before it: a line break and spaces, or one space. */
  before: string;
}

/**
 * The tokens of a JSON text with pretty white space. Working on the text keeps numbers as they were written.
 * Undefined if it is not JSON.
 */
export function prettyTokens(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  let [at, depth] = [0, 0];
  let before = "";
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) return text.slice(at).trim() === "" ? tokens : undefined;
    const [, string, colon, number, word, mark] = match;
    at = TOKEN.lastIndex;
    if (mark === "}" || mark === "]") {
      depth--;
      const isEmpty = "{[".includes(tokens.at(-1)?.text ?? "");
      tokens.push({ kind: "mark", text: mark, before: isEmpty ? "" : line(depth) });
      before = "";
    } else if (mark === ",") {
      tokens.push({ kind: "mark", text: ",", before: "" });
      before = line(depth);
    } else if (mark !== undefined) {
      tokens.push({ kind: "mark", text: mark, before });
      depth++;
      before = line(depth);
    } else if (colon !== undefined) {
      tokens.push({ kind: "key", text: string, before }, { kind: "mark", text: ":", before: "" });
      before = " ";
    } else {
      const kind = string !== undefined ? "string" : number !== undefined ? "number" : "word";
      tokens.push({ kind, text: string ?? number ?? word, before });
      before = "";
    }
  }
  return tokens;
}

function line(depth: number): string {
  return `\n${"  ".repeat(Math.max(0, depth))}`;
}

/** A JSON text, formatted and coloured; a text that is not JSON is shown unchanged. */
export function prettyJson(text: string): TemplateResult {
  const tokens = text.length <= PRETTY_CHARS_MAX ? prettyTokens(text) : undefined;
  if (tokens === undefined) return html`<pre class="json">${visible(text)}</pre>`;
  return html`<pre class="json">${
    tokens.map(({ kind, text, before }) =>
      kind === "mark" ? html`${before}${text}` : html`${before}<span class=${kind}>${visible(text)}</span>`
    )
  }</pre>`;
}

const RIGHT_TO_LEFT = /[\p{sc=Arabic}\p{sc=Hebrew}\p{sc=Syriac}\p{sc=Thaana}\p{sc=Nko}]/u;
const STRINGS = /("(?:[^"\\]|\\.)*(?:"|$))/;

/** The beginning of a JSON text in a line, in which text from right to left does not move what is around it. */
export function lineOfJson(text: string): string | (string | TemplateResult)[] {
  const shown = visible(text);
  if (!RIGHT_TO_LEFT.test(shown)) return shown;
  return shown.split(STRINGS).map((part, at) => at % 2 === 0 ? part : html`<span>${part}</span>`);
}
