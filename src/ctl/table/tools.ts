import type { CommandSpec, OptionSpec } from "../command.ts";
import { DRIVER, JSON_OUTPUT, SHARED, STORE } from "./common.ts";

const NAME: OptionSpec = {
  name: "name",
  kind: "text",
  value: "NAME",
  names: "context",
  describe: "Name of the context; may also be the first word",
};

/** Commands about the tool itself: `context …`, named driver configurations, and `completions`. */
export const TOOL_COMMANDS: readonly CommandSpec[] = [
  {
    path: ["context", "add"],
    summary: "Save a driver and its options under a name",
    details:
      "From then on --context NAME selects them; after context use, no option is needed. The command line " +
      "overrides the environment, which overrides the context. Contexts are stored as JSON in diaspora-ctl/contexts.json of the " +
      "user's configuration folder ($XDG_CONFIG_HOME or ~/.config; %APPDATA% on Windows), readable only by the user.",
    positional: ["NAME"],
    options: [
      NAME,
      {
        ...DRIVER,
        required: false,
        describe: "Engine, NAME or NAME:MODULE; its options are --driver.KEY VALUE",
      },
      STORE,
      { name: "use", kind: "flag", describe: "Use it from now on" },
      { name: "replace", kind: "flag", describe: "Replace a context of that name" },
      ...SHARED,
    ],
    examples: [
      {
        title: "A store, and what you type from then on",
        shell: `export XDG_CONFIG_HOME=/tmp/diaspora-configuration
diaspora-ctl context add dev --store /tmp/diaspora-data --use
diaspora-ctl topic ls`,
      },
    ],
    load: async () => ({ run: (await import("../commands/context.ts")).add }),
  },
  {
    path: ["context", "use"],
    summary: "Choose the context that is used when nothing else names a driver",
    positional: ["NAME"],
    options: [
      NAME,
      { name: "none", kind: "flag", describe: "Use no context" },
      ...SHARED,
    ],
    examples: [{
      title: "The context added above",
      shell: `export XDG_CONFIG_HOME=/tmp/diaspora-configuration
diaspora-ctl context use dev`,
    }],
    load: async () => ({ run: (await import("../commands/context.ts")).use }),
  },
  {
    path: ["context", "list"],
    alias: "ls",
    summary: "List contexts, with a star before the current one",
    options: [JSON_OUTPUT, ...SHARED],
    examples: [{ title: "All of them", shell: "diaspora-ctl context list" }],
    load: async () => ({ run: (await import("../commands/context.ts")).list }),
  },
  {
    path: ["context", "show"],
    summary: "Show a context, or the current one, with secrets hidden",
    positional: ["[NAME]"],
    options: [
      NAME,
      JSON_OUTPUT,
      ...SHARED,
    ],
    examples: [{
      title: "The current one",
      shell: `export XDG_CONFIG_HOME=/tmp/diaspora-configuration
diaspora-ctl context show`,
    }],
    load: async () => ({ run: (await import("../commands/context.ts")).show }),
  },
  {
    path: ["context", "remove"],
    summary: "Remove a context; the store is not changed",
    positional: ["NAME"],
    options: [
      NAME,
      { name: "yes", short: "y", kind: "flag", describe: "Do not ask for confirmation" },
      ...SHARED,
    ],
    examples: [{
      title: "Without confirmation",
      shell: `export XDG_CONFIG_HOME=/tmp/diaspora-configuration
diaspora-ctl context remove dev --yes`,
    }],
    load: async () => ({ run: (await import("../commands/context.ts")).remove }),
  },
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
