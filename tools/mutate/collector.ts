/**
 * Replaces `tests/harness.ts` in the copy that is mutated: it collects tests, so that a worker can run any of
 * them, any number of times, in one process.
 *
 * @module
 */

type Body = () => void | Promise<void>;

/** A test that a file registered. */
export interface CollectedTest {
  file: string;
  name: string;
  body: Body;
}

/** Filled while test files are imported. */
export const collected: { file: string; tests: CollectedTest[] } = { file: "", tests: [] };

/** A part of the cases, since a test is run for very many mutants. */
export function casesOf(count: number): number {
  return Math.ceil(count / CASE_STEP);
}

/** The distance of the cases that are tried of a long sequence, for the same reason. */
export const CASE_STEP = 6;

/** Collects a test; a skipped one is not collected. */
export function test(name: string, body: Body): void;
export function test(name: string, options: { skip?: string | false }, body: Body): void;
export function test(name: string, optionsOrBody: { skip?: string | false } | Body, body?: Body): void {
  if (typeof optionsOrBody === "function") {
    collected.tests.push({ file: collected.file, name, body: optionsOrBody });
  } else if (!optionsOrBody.skip) collected.tests.push({ file: collected.file, name, body: body! });
}
