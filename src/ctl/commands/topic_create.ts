import type { Invocation } from "../command.ts";
import { componentsOf, openDriver } from "../connect.ts";
import { UsageError } from "../usage_error.ts";

/** Creates a topic. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console } = invocation;
  const name = args.text("name") ?? args.positional[0];
  if (name === undefined) throw new UsageError('Missing topic: add "--name TOPIC"');
  const options = args.document("topic").document;
  const components = componentsOf(args);
  await using driver = await openDriver(invocation);
  if (args.flag("if-not-exists") && await driver.topicExists(name)) {
    console.log.info(`Topic '${name}' exists already`);
    return;
  }
  console.log.debug(`Creating topic "${name}" with ${JSON.stringify(options)}`);
  try {
    await driver.createTopic(name, options, components);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    // Another process may have created it between the question and now.
    if (code === "ERR_TOPIC_EXISTS" && args.flag("if-not-exists")) return;
    // Here the module stands on the command line; it is no failure of a stored topic.
    if (code === "ERR_MODULE_LOAD") throw new UsageError(message, { cause: error });
    throw error;
  }
  // Worded as the C++ tool does, for scripts that look for it.
  console.log.info(`Topic '${name}' created successfully`);
}
