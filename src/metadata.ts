import { InvalidMetadataError } from "./errors.ts";
import { nameClass } from "./inspect.ts";
import type { JsonValue } from "./json.ts";
import { describeDocumentFault } from "./metadata/document_fault.ts";
import { describeFault, isJson } from "./metadata/representable.ts";
import { show } from "./options.ts";
import { messageOf } from "./text/message.ts";

/**
 * What `push` accepts as the metadata of a `Topic<T>`: a value, the text of a JSON document, or
 * {@linkcode Metadata}. If `T` is a string, a plain string would be parsed as a document and fail, so the type
 * rejects it: use `Metadata.text("hello")`.
 */
export type PushedMetadata<T> = T extends string ? Metadata : T | string | Metadata;

/**
 * The metadata part of an event, given explicitly: as the text of a JSON document, or as a string value.
 * `push` also takes plain values, and strings that are JSON documents.
 *
 * @example
 * ```ts
 * import { Metadata } from "@diaspora/stream";
 *
 * console.log(Metadata.text("hello").document); // "hello" with its quotes: a JSON string
 * console.log(Metadata.document('{"id": 12345678901234567890}').document);
 * ```
 */
export class Metadata {
  private constructor(
    /** The JSON document, as it will be stored. */
    readonly document: string,
  ) {}

  /** A JSON string with this text. */
  static text(text: string): Metadata {
    if (typeof text !== "string") {
      throw new InvalidMetadataError(`Cannot use ${show(text)} as metadata text: expected a string`);
    }
    return new Metadata(JSON.stringify(text));
  }

  /** A JSON document given as text, checked and stored unchanged; throws `InvalidMetadataError`. */
  static document(text: string): Metadata {
    if (typeof text !== "string") {
      throw new InvalidMetadataError(`Cannot use ${show(text)} as a metadata document: expected a string`);
    }
    checkDocument(text);
    return new Metadata(text);
  }

  /** Any JSON value; throws `InvalidMetadataError`. */
  static value(value: unknown): Metadata {
    return new Metadata(jsonTextOf(value));
  }
}

// Within a value it would be stored as an object with a member `document`.
nameClass(Metadata, "Metadata");

/** Whether a value is {@linkcode Metadata}; a proxy may refuse to answer. */
export function isMetadata(value: unknown): value is Metadata {
  try {
    return value instanceof Metadata;
  } catch {
    return false;
  }
}

/**
 * The JSON text of a value; throws `InvalidMetadataError` with the location if JSON cannot represent it, which is not
 * looked for again in a value that was checked before.
 */
export function jsonTextOf<V>(
  value: V,
  isChecked = false,
  write: (value: V) => string | undefined = JSON.stringify,
): string {
  let text: string | undefined;
  try {
    if (isChecked || isJson(value)) text = write(value);
  } catch (error) {
    // A user-defined toJSON() or getter failed, or the value is nested too deeply for the stack.
    const what = /call stack/.test(messageOf(error)) ? "it is nested too deeply" : messageOf(error);
    throw new InvalidMetadataError(`Cannot write metadata as JSON: ${what}`, { cause: error });
  }
  if (text === undefined) throw new InvalidMetadataError(describeFault(value));
  return text;
}

/** Throws `InvalidMetadataError` with the position unless the text is a JSON document that UTF-8 can encode. */
export function checkDocument(text: string): void {
  if (isFlatDocument(text)) return;
  parseDocument(text);
  if (!text.isWellFormed()) {
    const at = text.search(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/);
    throw new InvalidMetadataError(
      `Cannot use metadata text: half a surrogate pair at position ${at}, which UTF-8 cannot hold`,
    );
  }
}

/** The value of a JSON document; throws `InvalidMetadataError` with the position. */
export function parseDocument(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidMetadataError(
      `Cannot use metadata text: it is not a JSON document: ${describeDocumentFault(text)}; ` +
        `use Metadata.text() to push a JSON string`,
      { cause: error },
    );
  }
}

// Strings without escapes, in any script but without lone surrogates, so that UTF-8 can encode them.
const STRING = String.raw`"[^"\\\x00-\x1f\ud800-\udfff]*"`;
const NUMBER = String.raw`-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?`;
const VALUE = `(?:${STRING}|${NUMBER}|true|false|null)`;
const MEMBER = `${STRING}: ?${VALUE}`;
const FLAT_OBJECT = new RegExp(`^\\{${MEMBER}(?:, ?${MEMBER})*\\}$`);

/** Longer texts are parsed: the regular expression engine's memory grows with the text. */
const CHARS_MAX = 4096;

/**
 * Whether the text is a JSON object with only simple members, like most metadata, in the usual notation. This
 * takes a fifth of the time of parsing. False proves nothing: the text may still be JSON.
 */
export function isFlatDocument(text: string): boolean {
  return text.length <= CHARS_MAX && FLAT_OBJECT.test(text);
}
