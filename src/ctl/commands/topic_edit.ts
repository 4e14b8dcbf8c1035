import type { Invocation } from "../command.ts";
import { topicNameOf, withTopic } from "../connect.ts";
import { topicOptionsOf } from "../topic_options.ts";
import { UsageError } from "../usage_error.ts";
import { withoutSecrets } from "../../secrets.ts";

/** Changes topic options. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console } = invocation;
  const name = topicNameOf(args);
  const options = topicOptionsOf(args);
  if (Object.keys(options).length === 0) {
    throw new UsageError('Nothing to change: add options such as "--topic.KEY VALUE"');
  }
  await withTopic(invocation, name, async (topic) => {
    await topic.edit(options);
    console.log.info(`Topic '${name}' changed: ${JSON.stringify(withoutSecrets(options))}`);
  });
}
