import type { ComponentDocument, Validator } from "../contract.ts";

/** Takes every event: what a topic has when nothing else was asked for. */
export class DefaultValidator implements Validator {
  readonly acceptsAll = true;

  validate(): void {}

  config(): ComponentDocument {
    return { type: "default" };
  }
}
