/** Of an error and those met while what was open was then closed by `using`: the first one, which says what failed. */
export function firstFailure(failure: unknown): unknown {
  let error = failure;
  while (error instanceof Error && error.name === "SuppressedError" && "suppressed" in error) {
    error = error.suppressed;
  }
  return error;
}
