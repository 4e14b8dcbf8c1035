import type { CommandSpec, Invocation } from "../command.ts";
import { UsageError } from "../usage_error.ts";

const SCRIPTS: Readonly<Record<string, (commands: readonly CommandSpec[]) => Promise<string>>> = {
  bash: async (commands) => (await import("../completions/bash.ts")).bashScript(commands),
  zsh: async (commands) => (await import("../completions/zsh.ts")).zshScript(commands),
  fish: async (commands) => (await import("../completions/fish.ts")).fishScript(commands),
};

/** Prints a completion script. */
export async function run({ args, commands, console }: Invocation): Promise<void> {
  const [shell] = args.positional;
  if (shell === undefined) throw new UsageError('Missing shell: one of "bash", "zsh" and "fish"');
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined) throw new UsageError(`Unknown shell "${shell}": one of "bash", "zsh" and "fish"`);
  await console.out.text(await script(commands));
}
