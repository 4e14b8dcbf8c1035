import type { ComponentDocument, Validator } from "../contract.ts";

/** Takes every event: what a topic has when nothing else was asked for. */
export class DefaultValidator implements Validator {
  /** Producers need not ask. */
  readonly acceptsAll = true;

  /** Does nothing. */
  validate(): void {}

  /** The document that recreates this validator. */
  config(): ComponentDocument {
    return { type: "default" };
  }
}
