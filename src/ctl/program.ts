/** Name of the program. */
export const PROGRAM = "diaspora-ctl";

/** Its short name in the npm package: what is typed all day should be short. */
export const SHORT_PROGRAM = "dctl";
