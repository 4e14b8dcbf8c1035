import { DiasporaError, type DiasporaErrorOptions, keepNames } from "./base.ts";

/** No driver of that name is registered. */
export class UnknownDriverError extends DiasporaError {
  /** Lists the known names; `driver` is empty where none was given. */
  constructor(readonly driver: string, known: readonly string[]) {
    const names = known.map((name) => `"${name}"`).join(", ");
    super(
      "ERR_UNKNOWN_DRIVER",
      driver === ""
        ? `Cannot open a driver: its name is missing; known drivers are ${names}`
        : `Cannot open driver "${driver}": known drivers are ${names}; ` +
          `write "${driver}:MODULE" to load one from a module`,
    );
  }
}

/** No validator, serializer or partition selector of that name is registered. */
export class UnknownComponentError extends DiasporaError {
  /** Lists the known names of that kind. */
  constructor(readonly kind: string, readonly component: string, known: readonly string[]) {
    super(
      "ERR_UNKNOWN_COMPONENT",
      `Cannot make ${kind} "${component}": known ones are ${known.map((name) => `"${name}"`).join(", ")}; ` +
        `write "${component}:MODULE" to load one from a module`,
    );
  }
}

/** A module named in an option or stored with a topic could not be loaded, or lacks the export. */
export class ModuleLoadError extends DiasporaError {
  /** Says which module was looked for. */
  constructor(readonly module: string, message: string, options?: DiasporaErrorOptions) {
    super("ERR_MODULE_LOAD", message, options);
  }
}

/** A stored topic names a module that was not allowed: stored data must not run code by itself. */
export class ModuleNotAllowedError extends DiasporaError {
  /** Says how to allow it, if that is possible. */
  constructor(readonly topic: string, readonly module: string, message: string) {
    super("ERR_MODULE_NOT_ALLOWED", message);
  }
}

keepNames({ UnknownDriverError, UnknownComponentError, ModuleLoadError, ModuleNotAllowedError });
