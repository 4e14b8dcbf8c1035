import type { Fixture } from "./fixture.ts";
import type { Supported } from "./manifest.ts";

/** One rule of the contract of drivers. */
export interface Rule {
  /** The rule, as a sentence. */
  name: string;
  /** What a driver must support for the rule to apply. Default: nothing. */
  needs?: readonly (keyof Supported)[];
  /** Set for rules of drivers that do *not* support this. */
  lacks?: keyof Supported;
  /** Checks the rule. */
  check(fixture: Fixture): Promise<void>;
}
