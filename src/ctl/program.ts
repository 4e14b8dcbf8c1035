/** Name of the program. */
export const PROGRAM = "diaspora-ctl";

/** Its short name in the npm package: what is typed all day should be short. */
export const SHORT_PROGRAM = "dctl";

/** The version that `diaspora-ctl --version` prints; a test compares it with `deno.json` and `package.json`. */
export const VERSION = "0.1.0";
