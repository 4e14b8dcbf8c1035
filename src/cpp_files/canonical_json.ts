import { InvalidMetadataError } from "../errors.ts";
import { cppNumber } from "./number_text.ts";

/** An object or array being parsed. */
interface Open {
  /** Values of an array; undefined for an object. */
  values: string[] | undefined;
  /** Members of an object, by key. */
  members: Map<string, string>;
  /** The key of the next value. */
  key: string | undefined;
}

/**
 * A JSON document as the C++ library would write it after reading it: compact, keys ordered by their UTF-8 bytes
 * (the last of equal keys counts), strings with as few escapes as possible. It works on the text, so that integers
 * beyond a double keep their digits. With `indent`, members are on separate lines.
 *
 * The text must be valid JSON. Throws `InvalidMetadataError` for what C++ cannot read: a number outside the range
 * of a double, or a lone surrogate.
 */
export function canonicalJson(text: string, indent = 0): string {
  const open: Open[] = [];
  let top: Open | undefined;
  let at = 0;
  for (;;) {
    let value: string;
    const kind = KINDS[text.charCodeAt(at)] ?? Kind.scalar;
    if (kind === Kind.separator) {
      at++;
      continue;
    } else if (kind === Kind.opening) {
      top = { values: text[at] === "[" ? [] : undefined, members: new Map(), key: undefined };
      open.push(top);
      at++;
      continue;
    } else if (kind === Kind.closing) {
      open.pop();
      value = closed(top!, open.length, indent);
      top = open.at(-1);
      at++;
    } else if (kind === Kind.quote) {
      const end = endOfString(text, at);
      const token = text.slice(at, end);
      at = end;
      if (top !== undefined && top.values === undefined && top.key === undefined) {
        top.key = plainText(token);
        continue;
      }
      // Without escapes it cannot be shorter.
      value = token.includes("\\") ? JSON.stringify(plainText(token)) : token;
    } else {
      const from = at;
      do at++; while ((KINDS[text.charCodeAt(at)] ?? Kind.scalar) === Kind.scalar && at < text.length);
      const token = text.slice(from, at);
      value = token === "true" || token === "false" || token === "null" ? token : cppNumber(token);
    }
    if (top === undefined) return value;
    if (top.values !== undefined) top.values.push(value);
    else {
      top.members.set(top.key!, value);
      top.key = undefined;
    }
  }
}

/** The kind of token that a character starts. */
const Kind = { scalar: 0, separator: 1, opening: 2, closing: 3, quote: 4 } as const;

/** Kinds by character code; all other characters are part of a scalar. */
const KINDS = new Uint8Array(128);
for (const letter of ", :\t\r\n") KINDS[letter.charCodeAt(0)] = Kind.separator;
for (const letter of "{[") KINDS[letter.charCodeAt(0)] = Kind.opening;
for (const letter of "}]") KINDS[letter.charCodeAt(0)] = Kind.closing;
KINDS['"'.charCodeAt(0)] = Kind.quote;

function closed({ values, members }: Open, depth: number, indent: number): string {
  const [first, last] = values === undefined ? "{}" : "[]";
  const parts = values ?? memberTexts(members, indent > 0 ? ": " : ":");
  if (indent === 0 || parts.length === 0) return first + parts.join(",") + last;
  const line = `\n${" ".repeat(indent * depth)}`;
  const inner = line + " ".repeat(indent);
  return first + inner + parts.join(`,${inner}`) + line + last;
}

function memberTexts(members: Map<string, string>, colon: string): string[] {
  const keys = [...members.keys()];
  if (keys.some((key, index) => compareAsUtf8(keys[index - 1] ?? "", key) > 0)) keys.sort(compareAsUtf8);
  return keys.map((key) => JSON.stringify(key) + colon + members.get(key));
}

function plainText(token: string): string {
  if (!token.includes("\\")) return token.slice(1, -1);
  const text = JSON.parse(token) as string;
  if (text.isWellFormed()) return text;
  throw new InvalidMetadataError(`Cannot write text for C++: it has half a surrogate pair`);
}

function endOfString(text: string, from: number): number {
  for (let quote = text.indexOf('"', from + 1);; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
}

/** Compares by UTF-8 bytes. */
function compareAsUtf8(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) {
    const [left, right] = [one.charCodeAt(at), other.charCodeAt(at)];
    if (left !== right) return rank(left) - rank(right);
  }
  return one.length - other.length;
}

/** Surrogates sort after all other code units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
