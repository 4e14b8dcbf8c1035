import type { Invocation } from "../command.ts";
import { requiredContextNameOf } from "../contexts/context_name.ts";
import { ContextFile } from "../contexts/file.ts";
import { EXIT } from "../exit_codes.ts";

/** Removes a context. */
export async function run({ args, console, signal }: Invocation): Promise<number | void> {
  const name = requiredContextNameOf(args);
  const file = new ContextFile(console.environment);
  file.get(name);
  const asks = console.canAsk && !args.flag("yes");
  if (asks && !await console.confirm(`Forget context "${name}"?`, { yes: false, signal })) {
    return EXIT.failure;
  }
  await file.change((contexts) => {
    contexts.byName.delete(name);
    if (contexts.current === name) delete contexts.current;
  });
  console.log.info(`Context '${name}' removed`);
}
