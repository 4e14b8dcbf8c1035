import type { Invocation } from "../command.ts";
import { UsageError } from "../usage_error.ts";

const SCRIPTS: Readonly<Record<string, () => Promise<string>>> = {
  bash: async () => (await import("../completions/bash.ts")).bashScript(),
  zsh: async () => (await import("../completions/zsh.ts")).zshScript(),
  fish: async () => (await import("../completions/fish.ts")).fishScript(),
};

/** Prints a completion script. */
export async function run({ args, console }: Invocation): Promise<void> {
  const [shell] = args.positional;
  if (shell === undefined) throw new UsageError('Missing shell: one of "bash", "zsh" and "fish"');
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined) throw new UsageError(`Unknown shell "${shell}": one of "bash", "zsh" and "fish"`);
  await console.out.text(await script());
}
