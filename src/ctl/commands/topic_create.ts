import type { ComponentOptions, Driver, JsonObject } from "../../../mod.ts";
import type { Invocation } from "../command.ts";
import type { Log } from "../console/log.ts";
import { componentsOf, givenTopicNameOf, openDriver } from "../connect.ts";
import { topicOptionsOf } from "../topic_options.ts";
import { UsageError } from "../usage_error.ts";
import { withoutSecrets } from "../../secrets.ts";

/** Creates a topic. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console } = invocation;
  const name = givenTopicNameOf(args);
  if (name === undefined) throw new UsageError('Missing topic: add "--name TOPIC"');
  const options = topicOptionsOf(args);
  const components = componentsOf(args);
  await using driver = await openDriver(invocation);
  if (args.flag("if-not-exists") && await driver.topicExists(name)) {
    console.log.info(`Topic '${name}' already exists`);
    return;
  }
  console.log.debug(`Creating topic "${name}" with ${JSON.stringify(withoutSecrets(options))}`);
  try {
    await create(driver, { name, options, components }, console.log);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    // Another process may have created it after the check.
    if (code === "ERR_TOPIC_EXISTS" && args.flag("if-not-exists")) return;
    // Here the module was named on the command line; it is not a fault of a stored topic.
    if (code === "ERR_MODULE_LOAD") throw new UsageError(message, { cause: error });
    throw error;
  }
  // The wording of the C++ tool, for scripts that look for it.
  console.log.info(`Topic '${name}' created successfully`);
}

/**
 * Creates the topic. An unknown option that is not a misspelling of a known one is left out with a warning, since
 * the C++ tool accepts any option.
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
