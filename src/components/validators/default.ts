import type { ComponentDocument, Validator } from "../contract.ts";

/** Accepts every event: the validator of topics that specify none. */
export class DefaultValidator implements Validator {
  /** Producers can skip the call. */
  readonly acceptsAll = true;

  /** Does nothing. */
  validate(): void {}

  /** The document that recreates this validator. */
  config(): ComponentDocument {
    return { type: "default" };
  }
}
