/** Name of the program. */
export const PROGRAM = "diaspora-ctl";
