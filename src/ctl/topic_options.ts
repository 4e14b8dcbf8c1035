import type { JsonObject } from "../json.ts";
import { ageMsOf } from "../text/time.ts";
import type { ParsedArguments } from "./args/parsed.ts";
import { UsageError } from "./usage_error.ts";

/** The options of a topic: those of `--topic.KEY`, and those that have options of their own. */
export function topicOptionsOf(args: ParsedArguments): JsonObject {
  const options = { ...args.document("topic").document };
  const add = (option: string, key: string, value: number | undefined): void => {
    if (value === undefined) return;
    if (Object.hasOwn(options, key)) {
      throw new UsageError(`Both "--${option}" and "--topic.${key}" are given: leave one out`);
    }
    options[key] = value;
  };
  add("partitions", "num_partitions", args.number("partitions"));
  add("retention", "retention_seconds", retentionSecondsOf(args.text("retention")));
  return options;
}

function retentionSecondsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ageMs = ageMsOf(text);
  if (ageMs !== undefined && ageMs > 0) return ageMs / 1000;
  throw new UsageError(
    `Option "--retention" takes an age such as 7d or 12h; found ${JSON.stringify(text)}; ` +
      `"--topic.retention_seconds null" keeps events for ever`,
  );
}
