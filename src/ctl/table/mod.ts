/**
 * Every command, in the order of the help. Commands are added only here: help, documentation and completions
 * follow.
 *
 * @module
 */
import type { CommandSpec } from "../command.ts";
import { BENCH_COMMANDS } from "./bench.ts";
import { CONSUMER_COMMANDS } from "./consumer.ts";
import { DAEMON_COMMANDS } from "./daemons.ts";
import { EVENT_COMMANDS } from "./events.ts";
import { STORE_COMMANDS } from "./store.ts";
import { TOOL_COMMANDS } from "./tools.ts";
import { TOPIC_COMMANDS } from "./topic.ts";
import { UI_COMMANDS } from "./ui.ts";

/** Every command. */
export const COMMANDS: readonly CommandSpec[] = [
  ...TOPIC_COMMANDS,
  ...EVENT_COMMANDS,
  ...CONSUMER_COMMANDS,
  ...DAEMON_COMMANDS,
  ...STORE_COMMANDS,
  ...UI_COMMANDS,
  ...BENCH_COMMANDS,
  ...TOOL_COMMANDS,
];
