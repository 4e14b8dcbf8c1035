import type { JsonValue } from "../../json.ts";
import { documentFaultAt } from "../../metadata/document_fault.ts";
import { isSecret } from "../../secrets.ts";
import { UsageError } from "../usage_error.ts";

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
/** Options whose values are paths and names. */
const ALWAYS_TEXT = /^--(to|from)\.|\.root_path$/;
const WORDS: ReadonlyMap<string, JsonValue> = new Map([["true", true], ["false", false], ["null", null]]);

/**
 * The value of a `--X.KEY VALUE` option: numbers, `true`, `false`, `null`, JSON in `{}` or `[]`, comma-separated
 * lists, quoted text; anything else is text. A password is always text, and so are paths and names of what is
 * exported or imported: `1e3` is not the file `1000`.
 */
export function parseValue(option: string, text: string): JsonValue {
  if (option.startsWith("--driver.") && isSecret(option)) return parseSecret(text);
  if (ALWAYS_TEXT.test(option)) return unquoted(text) ?? text;
  if (isEnclosed(text, "{", "}") || isEnclosed(text, "[", "]")) return parseJson(option, text);
  const items = splitAtCommas(text);
  if (items.length === 1) return parseSingle(text);
  // A trailing comma makes a list with one item: `--driver.brokers host:9092,`.
  if (items.at(-1) === "") items.pop();
  return items.map((item) => parseSingle(item.trim()));
}

/** The text within quotes; undefined if there are none around it. */
function unquoted(text: string): string | undefined {
  return isEnclosed(text, '"', '"') || isEnclosed(text, "'", "'") ? text.slice(1, -1) : undefined;
}

/** Credentials may be an object; anything else is text, including commas and digits. */
function parseSecret(text: string): JsonValue {
  const quoted = unquoted(text);
  if (quoted !== undefined) return quoted;
  if (!text.startsWith("{")) return text;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}

function parseSingle(text: string): JsonValue {
  const quoted = unquoted(text);
  if (quoted !== undefined) return quoted;
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (!NUMBER.test(text)) return text;
  const number = Number(text);
  // A twenty-digit account number must not lose digits by becoming a double.
  const exact = !/^[+-]?\d+$/.test(text) || Number.isSafeInteger(number);
  return Number.isFinite(number) && exact ? number : text;
}

function parseJson(option: string, text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // Without the text and the parser's message, which shows a part of it: it may contain a password.
    throw new UsageError(
      `Option "${option}" has malformed JSON, at character ${documentFaultAt(text) + 1} of its value; ` +
        `put text that starts with a bracket in quotes`,
    );
  }
}

function isEnclosed(text: string, open: string, close: string): boolean {
  return text.length >= 2 && text.startsWith(open) && text.endsWith(close);
}

/**
 * Commas inside quotes do not separate. A quote only counts at the start of an item: `it's, that's` has two items.
 */
function splitAtCommas(text: string): string[] {
  const items: string[] = [];
  let from = 0;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (quote !== "") {
      if (letter === quote) quote = "";
    } else if ((letter === '"' || letter === "'") && text.slice(from, at).trim() === "") {
      quote = letter;
    } else if (letter === ",") {
      items.push(text.slice(from, at));
      from = at + 1;
    }
  }
  items.push(text.slice(from));
  return items;
}
