/**
 * Stand-in for `@std/fs` where JSR cannot be reached: the part that the project uses.
 * What both must do is stated in `tests/tools/std/fs_test.ts`.
 */
export * from "./empty_dir.ts";
export * from "./ensure_dir.ts";
export * from "./exists.ts";
export * from "./walk.ts";
