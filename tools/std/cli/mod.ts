/**
 * Stand-in for `@std/cli` where JSR cannot be reached: the part that the project uses.
 * What both must do is stated in `tests/tools/std/cli_test.ts`.
 */
export * from "./parse_args.ts";
