import { AssertionError, withMessage } from "./assertion_error.ts";

type ErrorClass<E extends Error> = abstract new (...parameters: never[]) => E;

/** Checks what was thrown, or rejected, against what was expected. */
function checkError(error: unknown, expected: ErrorClass<Error>, includes?: string, message?: string): void {
  if (!(error instanceof expected)) {
    const got = error instanceof Error ? error.constructor.name : typeof error;
    throw new AssertionError(
      withMessage(`Expected error to be instance of "${expected.name}", but was "${got}"`, message) +
        (error instanceof Error ? `\n\n${error.stack}` : ""),
      { cause: error },
    );
  }
  if (includes !== undefined && !error.message.includes(includes)) {
    throw new AssertionError(
      withMessage(
        `Expected error message to include ${JSON.stringify(includes)}, but got ${
          JSON.stringify(error.message)
        }`,
        message,
      ),
      { cause: error },
    );
  }
}

/** The two calling forms: `(fn, message?)` and `(fn, class, includes?, message?)`. */
function readArguments(
  classOrMessage: ErrorClass<Error> | string | undefined,
  includes: string | undefined,
  message: string | undefined,
): { expected?: ErrorClass<Error>; includes?: string; message?: string } {
  return typeof classOrMessage === "function"
    ? { expected: classOrMessage, includes, message }
    : { message: classOrMessage };
}

/** Throws unless `fn` throws (an instance of the class, with the text in its message); gives what was thrown. */
export function assertThrows(fn: () => unknown, message?: string): unknown;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass: ErrorClass<E>,
  includes?: string,
  message?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMessage?: ErrorClass<Error> | string,
  includesText?: string,
  text?: string,
): unknown {
  const { expected, includes, message } = readArguments(classOrMessage, includesText, text);
  try {
    fn();
  } catch (error) {
    if (expected === undefined) return error;
    if (!(error instanceof Error)) {
      throw new AssertionError(withMessage("A non-Error object was thrown", message), { cause: error });
    }
    checkError(error, expected, includes, message);
    return error;
  }
  throw new AssertionError(withMessage("Expected function to throw", message));
}

/** Like {@linkcode assertThrows} for a function that gives a promise, which must reject. */
export function assertRejects(fn: () => PromiseLike<unknown>, message?: string): Promise<unknown>;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: ErrorClass<E>,
  includes?: string,
  message?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMessage?: ErrorClass<Error> | string,
  includesText?: string,
  text?: string,
): Promise<unknown> {
  const { expected, includes, message } = readArguments(classOrMessage, includesText, text);
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (error) {
    throw new AssertionError(
      withMessage("Function throws when expected to reject", message),
      { cause: error },
    );
  }
  try {
    await promise;
  } catch (error) {
    if (expected === undefined) return error;
    if (!(error instanceof Error)) {
      throw new AssertionError(withMessage("A non-Error object was rejected", message), { cause: error });
    }
    checkError(error, expected, includes, message);
    return error;
  }
  throw new AssertionError(withMessage("Expected function to reject", message));
}
