import { withoutSecrets } from "../../secrets.ts";
import type { Invocation } from "../command.ts";
import { contextNameOf } from "../contexts/context_name.ts";
import { ContextFile } from "../contexts/file.ts";
import { shownOptions } from "../open_driver.ts";
import { UsageError } from "../usage_error.ts";

/** Shows a context. */
export async function run({ args, console }: Invocation): Promise<void> {
  const file = new ContextFile(console.environment);
  const used = console.environment.DIASPORA_CONTEXT || file.read().current;
  const name = contextNameOf(args) ?? used;
  if (name === undefined) {
    throw new UsageError('No context is used: choose one with "diaspora-ctl context use NAME"');
  }
  const { driver, options } = file.get(name);
  const shown = await shownOptions(driver, options);
  if (args.flag("json")) {
    const isShown = shown.startsWith("{");
    await console.out.json({
      name,
      current: name === used,
      driver,
      options: isShown ? JSON.parse(shown) : withoutSecrets(options),
    });
    return;
  }
  for (const [key, value] of Object.entries({ name, driver, options: shown, file: file.path })) {
    await console.out.line(`${key.padEnd(10)}${value}`);
  }
}
