/** The command line, or a file it names, is invalid: exit code 2 and one line that says how to fix it. */
export class UsageError extends Error {
  override readonly name = "UsageError";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
