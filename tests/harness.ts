/**
 * One `test()` for Deno, Node and Bun, so that the tests have one source. Under Deno a test that leaves a
 * timer, an operation or an open file behind fails.
 */

/** What a test body may be. */
type Body = () => void | Promise<void>;

/** The second form's options. */
export interface TestOptions {
  /** Do not run the test, and report it as skipped for this reason; `false` runs it. */
  skip?: string | false;
}

type Register = (name: string, skip: string | false, body: Body) => void;

/** The parts of the runtimes' globals used here; each runtime lacks those of the others. */
interface Runtimes {
  Deno?: {
    test(definition: {
      name: string;
      ignore: boolean;
      sanitizeOps: boolean;
      sanitizeResources: boolean;
      sanitizeExit: boolean;
      fn: Body;
    }): void;
  };
  Bun?: unknown;
}

/** The part of `bun:test` used here. */
interface BunTest {
  test: ((name: string, body: Body, timeoutMs: number) => void) & { skip(name: string, body: Body): void };
}

/** Bun alone gives a test 5 seconds by itself; Deno and Node have no limit. */
const BUN_TIMEOUT_MS = 600_000;

/** The reason stands in the name, since the runners do not all print one. */
function reportedName(name: string, skip: string | false): string {
  return skip === false ? name : `${name} (skipped: ${skip})`;
}

async function findRegister(): Promise<Register> {
  const { Deno: deno, Bun: bun } = globalThis as unknown as Runtimes;
  if (deno !== undefined) {
    return (name, skip, body) =>
      deno.test({
        name: reportedName(name, skip),
        ignore: skip !== false,
        sanitizeOps: true,
        sanitizeResources: true,
        sanitizeExit: true,
        fn: body,
      });
  }
  if (bun !== undefined) {
    // Written in two parts: other runtimes cannot resolve the specifier when they check types.
    const { test } = await import("bun:" + "test") as BunTest;
    return (name, skip, body) =>
      skip === false ? test(name, body, BUN_TIMEOUT_MS) : test.skip(reportedName(name, skip), body);
  }
  const { test } = await import("node:test");
  return (name, skip, body) => void test(reportedName(name, skip), { skip }, body);
}

const register = await findRegister();

/**
 * Registers a test with the runtime's own runner.
 *
 * @example
 * ```ts
 * test("append() keeps ids dense when a batch fails halfway", async () => { … });
 * test("produces to a real broker", { skip: brokerMissing && "no broker installed" }, async () => { … });
 * ```
 */
export function test(name: string, body: Body): void;
export function test(name: string, options: TestOptions, body: Body): void;
export function test(name: string, optionsOrBody: TestOptions | Body, body?: Body): void {
  if (typeof optionsOrBody === "function") return register(name, false, optionsOrBody);
  if (body === undefined) throw new TypeError(`Cannot register test "${name}": it has no body`);
  register(name, optionsOrBody.skip ?? false, body);
}
