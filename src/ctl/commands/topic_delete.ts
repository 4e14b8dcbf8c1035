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
  if (args.flag("dry-run")) {
    await using _topic = await driver.openTopic(name);
    console.log.info(`Topic '${name}' would be deleted`);
    return;
  }
  if (await driver.topicExists(name)) {
    const question = `Delete topic "${name}" with all its events?`;
    if (!await console.confirm(question, { yes: args.flag("yes") })) return EXIT.failure;
  }
  // Called also for a topic that is not there: the driver says where it was looked for.
  await driver.deleteTopic(name);
  console.log.info(`Topic '${name}' deleted`);
}
