import { InvalidOptionError } from "../../errors.ts";
import type { JsonValue } from "../../json.ts";
import type { ComponentDocument, Validator } from "../contract.ts";
import { mismatchError } from "../mismatch.ts";
import { type EventPattern, newEventPattern } from "./event_pattern/mod.ts";

/**
 * Accepts the events that match a pattern in the language of Amazon EventBridge.
 *
 * @example
 * ```ts
 * import { EventBridgeValidator } from "@diaspora/stream";
 *
 * const validator = new EventBridgeValidator({ energy: [{ numeric: ["<", 50] }] });
 * validator.validate({ energy: 42 });
 * ```
 */
export class EventBridgeValidator implements Validator {
  readonly #source: JsonValue;
  readonly #pattern: EventPattern;

  /** Compiles the pattern; an invalid one throws `InvalidOptionError`, whose message names the place. */
  constructor(pattern: JsonValue) {
    // A copy: the document stored with the topic must be the one that was compiled.
    this.#source = structuredClone(pattern);
    this.#pattern = newEventPattern(this.#source);
  }

  /** Creates the validator from its document. The C++ library stores the pattern under `schema`. */
  static fromDocument(document: ComponentDocument): EventBridgeValidator {
    const pattern = document.pattern ?? document.schema;
    if (pattern === undefined || ("pattern" in document && "schema" in document)) {
      throw new InvalidOptionError(
        "pattern",
        'Cannot make validator "eventbridge": expected the event pattern under "schema" or under "pattern"',
      );
    }
    return new EventBridgeValidator(pattern);
  }

  /** Throws `InvalidMetadataError` for metadata that does not match. */
  validate(metadata: JsonValue): void {
    if (!this.#pattern.matches(metadata)) throw mismatchError(this.#pattern.explain(metadata));
  }

  /** The document that recreates this validator, in the form the C++ library writes. */
  config(): ComponentDocument {
    return { type: "eventbridge", schema: structuredClone(this.#source) };
  }
}
