import { checkReachable } from "../../contract/partitions.ts";
import type { Invocation } from "../command.ts";
import { openDriver, topicNameOf } from "../connect.ts";
import { EXPORT_FORMATS, formatOf } from "../transfer/formats.ts";
import { RawSerializer } from "../transfer/target_topic.ts";
import { counted } from "../../text/counted.ts";
import { totalsOf } from "../../ui/totals.ts";

/** Exports a topic to another format. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console, signal } = invocation;
  const name = topicNameOf(args);
  const { name: format, document: options } = args.document("to");
  const { exportTopic, takesRawMetadata = false } = await formatOf("--to", format!, EXPORT_FORMATS);
  await using driver = await openDriver(invocation);
  const info = (await driver.listTopics()).get(name);
  const obstacle = info === undefined ? undefined : driver.obstaclesOf(name, info).serializer;
  const rawMetadata = takesRawMetadata && obstacle !== undefined;
  // If there is no such topic, the driver's error says where it was looked for.
  await using topic = await driver.openTopic(
    name,
    rawMetadata ? { serializer: new RawSerializer(info!.serializer) } : {},
  );
  if (rawMetadata) {
    console.log.info(`Metadata is exported as bytes, without its serializer: ${obstacle!.message}`);
  }
  const partitions = await topic.describe();
  checkReachable(partitions);
  const { events } = totalsOf(partitions);
  const besideEvents = options.file === "-" && console.out.isTerminal;
  const progress = console.startProgress("exported", { events }, { besideEvents });
  try {
    await exportTopic({ topic, info: info!, rawMetadata, options, console, done: progress.done, signal });
  } finally {
    progress.stop();
  }
  console.log.info(`Exported ${counted(progress.done.events, "event")} of topic '${name}'`);
}
