import type { Topic } from "../../../mod.ts";
import { counted } from "../../text/counted.ts";
import { type LargeMetadata, largeMetadataRule } from "../../metadata/large_metadata.ts";
import type { Invocation } from "../command.ts";
import { componentsOf, openDriver, topicNameOf } from "../connect.ts";
import { LineError, LineProducer } from "../produce/line_producer.ts";
import type { ImportedEvent, ImportSource } from "../transfer/contract.ts";
import { formatOf, IMPORT_FORMATS } from "../transfer/formats.ts";
import { LargeEvents } from "../transfer/large_events.ts";
import { openTarget } from "../transfer/target_topic.ts";
import { UsageError } from "../usage_error.ts";

/** Imports a topic from another format. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console, signal } = invocation;
  const name = topicNameOf(args);
  const { name: format, document: options } = args.document("from");
  const importing = await formatOf("--from", format!, IMPORT_FORMATS);
  const components = componentsOf(args);
  const topicOptions = args.document("topic").document;
  const partial = args.flag("partial");
  const large = {
    largeMetadata: args.text("large-metadata") as LargeMetadata | undefined,
    metadataBytesMax: args.number("metadata-bytes-max"),
  };
  if ("importTopic" in importing) {
    await using driver = await openDriver(invocation);
    return await importing.importTopic({
      options,
      topicName: name,
      driver,
      topicOptions,
      components,
      partial,
      large,
      console,
      signal,
    });
  }
  await using source = await importing.openSource({ options, topicName: name, console, signal });
  await using driver = await openDriver(invocation);
  const { log } = console;
  const largeEvents = new LargeEvents(largeMetadataRule(large), source.rawMetadata);
  await using target = await openTarget({ driver, name, source, topicOptions, components, log });
  const progress = console.startProgress("imported", source.total);
  try {
    await using producer = target.topic.producer("diaspora-ctl");
    await producer.ready();
    await pushAll(
      source,
      target.topic,
      largeEvents,
      new LineProducer(producer, { done: progress.done, unit: source.unit }),
    );
    signal.throwIfAborted();
  } catch (error) {
    if (target.isDraft && partial && !signal.aborted) await target.publish();
    else if (target.isDraft && error instanceof LineError) throw error.with("nothing is imported");
    // A pipe cannot be checked before something is stored.
    if (!target.isDraft && error instanceof UsageError) {
      throw new Error(`${error.message}; the events before it are stored`, { cause: error });
    }
    throw error;
  } finally {
    progress.stop();
  }
  await target.publish();
  if (target.isDraft) log.info(`Topic '${name}' created successfully`);
  log.info(`Imported ${counted(progress.done.events, "event")} into topic '${name}'${largeEvents.summary}`);
}

async function pushAll(
  source: ImportSource,
  topic: Topic,
  large: LargeEvents,
  producer: LineProducer,
): Promise<void> {
  const count = topic.partitions.length;
  try {
    for await (const found of source.events(count)) {
      const event = taken(found, large, producer);
      if (event === undefined) continue;
      const { number, partition, document, data } = event;
      if (partition !== undefined && partition >= count) {
        const why = `it is of partition ${partition}, and topic "${topic.name}" has ${count}: ` +
          `import into a new topic with "--topic.num_partitions ${partition + 1}"`;
        throw producer.blame(number, new Error(why));
      }
      const wait = producer.push(number, document, data, partition === undefined ? undefined : { partition });
      if (wait !== undefined) await wait;
      // A stream must be consumed before the source continues.
      if (data !== undefined && Symbol.asyncIterator in data) await producer.settle();
    }
  } finally {
    await producer.settle();
  }
}

function taken(event: ImportedEvent, large: LargeEvents, producer: LineProducer): ImportedEvent | undefined {
  try {
    return large.take(event);
  } catch (error) {
    throw producer.blame(event.number, error);
  }
}
