import type { ComponentOptions, Driver, JsonObject } from "../../../mod.ts";
import type { Invocation } from "../command.ts";
import type { Log } from "../console/log.ts";
import { componentsOf, openDriver } from "../connect.ts";
import { UsageError } from "../usage_error.ts";
import { withoutSecrets } from "../../secrets.ts";

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
  console.log.debug(`Creating topic "${name}" with ${JSON.stringify(withoutSecrets(options))}`);
  try {
    await create(driver, { name, options, components }, console.log);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    // Another process may have created it between the question and now.
    if (code === "ERR_TOPIC_EXISTS" && args.flag("if-not-exists")) return;
    // Here the module stands on the command line; it is not a failure of a stored topic.
    if (code === "ERR_MODULE_LOAD") throw new UsageError(message, { cause: error });
    throw error;
  }
  // Worded as the C++ tool does, for scripts that look for it.
  console.log.info(`Topic '${name}' created successfully`);
}

/**
 * Creates the topic. An option that the driver does not know, and that is not a misspelling of one it does, is left
 * out with a warning: the C++ tool takes any.
 */
async function create(
  driver: Driver,
  { name, options, components }: { name: string; options: JsonObject; components: ComponentOptions },
  log: Log,
): Promise<void> {
  const given = { ...options };
  for (;;) {
    try {
      return await driver.createTopic(name, given, components);
    } catch (error) {
      const { code, option, message } = error as { code?: string; option?: string; message: string };
      const unknown = code === "ERR_INVALID_OPTION" && option !== undefined && Object.hasOwn(given, option) &&
        message.includes("it is unknown") && !message.includes("did you mean");
      if (!unknown) throw error;
      log.warn(`Topic option "${option}" is unknown to the driver: left out`);
      delete given[option];
    }
  }
}
