import { InvalidMetadataError } from "./errors.ts";
import type { JsonValue } from "./json.ts";
import { describeDocumentFault } from "./metadata/document_fault.ts";
import { isFlatDocument } from "./metadata/flat_document.ts";
import { describeFault, isJson } from "./metadata/representable.ts";

/**
 * What `push` takes as the metadata of a `Topic<T>`: a value, the text of a JSON document, or {@linkcode Metadata}.
 * Where `T` is a string a text would be taken for a document, and fail; so there the type refuses it:
 * `Metadata.text("hello")` says what is meant.
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

  /** A JSON string holding this text. */
  static text(text: string): Metadata {
    if (typeof text !== "string") {
      throw new InvalidMetadataError(`Cannot use a ${typeof text} as text: expected a string`);
    }
    return new Metadata(JSON.stringify(text));
  }

  /** A JSON document given as text, checked and kept as it is written; throws `InvalidMetadataError`. */
  static document(text: string): Metadata {
    checkDocument(text);
    return new Metadata(text);
  }

  /** Any JSON value; throws `InvalidMetadataError`. */
  static value(value: unknown): Metadata {
    return new Metadata(jsonTextOf(value));
  }
}

/** The JSON text of a value; throws `InvalidMetadataError` when JSON cannot hold it, naming the place. */
export function jsonTextOf(value: unknown): string {
  let text: string | undefined;
  try {
    if (isJson(value)) text = JSON.stringify(value);
  } catch (error) {
    // A toJSON() or a getter of the user's failed, or the value is nested deeper than the stack allows.
    throw new InvalidMetadataError(`Cannot write metadata as JSON: ${messageOf(error)}`, { cause: error });
  }
  if (text === undefined) throw new InvalidMetadataError(describeFault(value));
  return text;
}

/** Throws `InvalidMetadataError`, naming the position, unless the text is a JSON document that UTF-8 can hold. */
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

/** The value of a JSON document; throws `InvalidMetadataError`, naming the position. */
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
