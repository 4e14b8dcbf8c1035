import type { Invocation } from "../command.ts";
import { topicNameOf, withTopic } from "../connect.ts";
import { EXPORT_FORMATS } from "../transfer/formats.ts";
import { UsageError } from "../usage_error.ts";

/** Writes a topic in another format. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console, signal } = invocation;
  const name = topicNameOf(args);
  const { name: format, document: options } = args.document("to");
  const load = Object.hasOwn(EXPORT_FORMATS, format!) ? EXPORT_FORMATS[format!] : undefined;
  if (load === undefined) {
    throw new UsageError(
      `Unknown format "${format}" of "--to": one of ${Object.keys(EXPORT_FORMATS).join(", ")}`,
    );
  }
  const { exportTopic } = await load();
  await withTopic(invocation, name, async (topic, driver) => {
    const info = (await driver.listTopics()).get(name)!;
    const partitions = await topic.describe();
    const progress = console.startProgress("exported", {
      events: partitions.reduce((sum, partition) => sum + partition.nextId - partition.firstId, 0),
    });
    try {
      await exportTopic({ topic, info, options, console, done: progress.done, signal });
    } finally {
      progress.stop();
    }
    console.log.info(`Exported ${progress.done.events} events of topic '${name}'`);
  });
}
