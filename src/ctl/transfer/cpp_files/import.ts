import { importCppFiles } from "../../../cpp_files/mod.ts";
import { CppTopic } from "../../../cpp_files/topic.ts";
import type { TopicImportJob } from "../contract.ts";
import { cppPlace } from "./options.ts";

/** Reads a topic of the C++ files driver; an import that was cut short is continued. */
export async function importTopic(job: TopicImportJob): Promise<void> {
  const { topicName, driver, topicOptions, components, partial, console, signal } = job;
  const { rootPath, name } = cppPlace("from", job.options, topicName);
  const source = CppTopic.open(rootPath, name);
  const progress = console.startProgress("imported", { events: source.events });
  try {
    const { events, metadataBytes, dataBytes, partitions } = await importCppFiles({
      rootPath,
      topic: name,
      driver,
      into: topicName,
      topicOptions,
      components,
      partial,
      signal,
      onProgress: (now) => {
        progress.done.events = now.events;
        progress.done.bytes = now.metadataBytes + now.dataBytes;
      },
      onWarning: (text) => console.log.warn(text),
    });
    progress.stop();
    const resumed = partitions.reduce((sum, { resumedEvents }) => sum + resumedEvents, 0);
    if (resumed > 0) console.log.info(`${resumed} events had been imported before`);
    console.log.info(
      `Imported ${events} events into topic '${topicName}': ${metadataBytes} bytes of metadata, ` +
        `${dataBytes} bytes of data; read back: the same ids, metadata and data`,
    );
  } finally {
    progress.stop();
  }
}
