import type { CommandSpec } from "../command.ts";
import { SHARED } from "./common.ts";

/** Commands about the tool itself. */
export const TOOL_COMMANDS: readonly CommandSpec[] = [
  {
    path: ["completions"],
    summary: "Print a completion script for a shell",
    details:
      "bash: put it in ~/.local/share/bash-completion/completions/diaspora-ctl, or eval it in ~/.bashrc. " +
      "zsh: put it in a file _diaspora-ctl of a folder in $fpath. " +
      "fish: put it in ~/.config/fish/completions/diaspora-ctl.fish.",
    positional: ["bash|zsh|fish"],
    options: [...SHARED],
    examples: [{ title: "In this shell", shell: 'eval "$(diaspora-ctl completions bash)"' }],
    load: () => import("../commands/completions.ts"),
  },
];
