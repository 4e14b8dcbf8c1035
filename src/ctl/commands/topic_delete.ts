import type { TopicInfo } from "../../../mod.ts";
import type { Invocation } from "../command.ts";
import { openDriver, topicNameOf } from "../connect.ts";
import { EXIT } from "../exit_codes.ts";

/** Deletes a topic. */
export async function run(invocation: Invocation): Promise<number | void> {
  const { args, console } = invocation;
  const name = topicNameOf(args);
  await using driver = await openDriver(invocation);
  if (args.flag("if-exists") && !await driver.topicExists(name)) {
    console.log.info(`Topic '${name}' does not exist`);
    return;
  }
  const force = args.flag("force");
  if (args.flag("dry-run")) {
    if (!force || !await driver.topicExists(name)) {
      await using _topic = await driver.openTopic(name);
    }
    console.log.info(`Topic '${name}' would be deleted`);
    return;
  }
  const info = (await driver.listTopics()).get(name);
  if (info !== undefined) {
    const question = `Delete topic "${name}" with all its events${foreignText(info, force)}?`;
    if (!await console.confirm(question, { yes: args.flag("yes") })) return EXIT.failure;
  }
  // Called also for a topic that is not there: the driver says where it was looked for.
  await driver.deleteTopic(name, { force });
  console.log.info(`Topic '${name}' deleted`);
}

/** What else goes with the topic. */
function foreignText({ layout, foreign }: TopicInfo, force: boolean): string {
  if (layout === "cpp-files") return ", which the C++ files driver wrote";
  return foreign !== undefined && force ? ` and ${foreign.events} events of the C++ files driver` : "";
}
