import type { Invocation } from "../command.ts";
import { contextNameOf, requiredContextNameOf } from "../contexts/context_name.ts";
import { ContextFile } from "../contexts/file.ts";
import { UsageError } from "../usage_error.ts";

/** Sets the current context. */
export async function run({ args, console }: Invocation): Promise<void> {
  const file = new ContextFile(console.environment);
  if (args.flag("none")) {
    if (contextNameOf(args) !== undefined) throw new UsageError('"--none" and a NAME exclude each other');
    await file.change((contexts) => delete contexts.current);
    console.log.info("No context is used");
    return;
  }
  const name = requiredContextNameOf(args);
  file.get(name);
  await file.change((contexts) => contexts.current = name);
  console.log.info(`Context '${name}' is used when nothing else names a driver`);
}
