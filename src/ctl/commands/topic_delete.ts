import type { Driver, TopicInfo } from "../../../mod.ts";
import type { Invocation } from "../command.ts";
import { openDriver, topicNameOf } from "../connect.ts";
import { formatBytes } from "../console/progress.ts";
import { EXIT } from "../exit_codes.ts";
import { counted } from "../../text/counted.ts";
import { totalsOf } from "../../ui/totals.ts";

/** Deletes a topic. */
export async function run(invocation: Invocation): Promise<number | void> {
  const { args, console, signal } = invocation;
  const name = topicNameOf(args);
  await using driver = await openDriver(invocation);
  if (args.flag("if-exists") && !await driver.topicExists(name)) {
    console.log.info(`Topic '${name}' does not exist`);
    return;
  }
  const force = args.flag("force");
  const info = (await driver.listTopics()).get(name);
  if (args.flag("dry-run")) {
    if (!force || info === undefined) {
      await using _topic = await driver.openTopic(name);
    }
    console.log.info(
      `Topic '${name}' would be deleted${info === undefined ? "" : await contentText(driver, info)}`,
    );
    return;
  }
  if (info !== undefined) {
    const what = args.flag("yes") ? "" : await contentText(driver, info);
    const question = `Delete topic "${name}" with all its events${what}${foreignText(info, force)}?`;
    if (!await console.confirm(question, { yes: args.flag("yes"), signal })) return EXIT.failure;
  }
  // Also called for a missing topic: the driver's error says where it was looked for.
  await driver.deleteTopic(name, { force });
  console.log.info(`Topic '${name}' deleted`);
}

/**
 * The amount of content to be deleted; empty if it cannot be determined, since damaged topics can be deleted, too.
 */
async function contentText(driver: Driver, { name }: TopicInfo): Promise<string> {
  try {
    await using topic = await driver.openTopic(name);
    const partitions = await topic.describe();
    const { events, bytes } = totalsOf(partitions);
    const consumers = (await topic.consumers()).length;
    return `: ${counted(events, "event")} (${formatBytes(bytes)}) in ${
      counted(partitions.length, "partition")
    }, positions of ${counted(consumers, "consumer")}`;
  } catch {
    return "";
  }
}

/** Content of other programs that is deleted with the topic. */
function foreignText({ layout, foreign }: TopicInfo, force: boolean): string {
  if (layout === "cpp-files") return ", which the C++ files driver wrote";
  return foreign !== undefined && force
    ? ` and ${counted(foreign.events, "event")} of the C++ files driver`
    : "";
}
