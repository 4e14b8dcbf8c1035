/**
 * Stands in for `tests/harness.ts` in the copy that is mutated: tests are kept, so that a worker runs those it
 * wants, as often as it wants, in one process.
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

/** Keeps a test; a skipped one is as good as none. */
export function test(name: string, body: Body): void;
export function test(name: string, options: { skip?: string | false }, body: Body): void;
export function test(name: string, optionsOrBody: { skip?: string | false } | Body, body?: Body): void {
  if (typeof optionsOrBody === "function") {
    collected.tests.push({ file: collected.file, name, body: optionsOrBody });
  } else if (!optionsOrBody.skip) collected.tests.push({ file: collected.file, name, body: body! });
}
