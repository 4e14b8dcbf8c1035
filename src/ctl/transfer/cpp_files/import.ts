import { importCppFiles } from "../../../cpp_files/mod.ts";
import { CppTopic } from "../../../cpp_files/topic.ts";
import { counted } from "../../../text/counted.ts";
import type { TopicImportJob } from "../contract.ts";
import { largeSummary } from "../large_events.ts";
import { cppLocation } from "./options.ts";

/** Reads a topic of the C++ files driver; continues an interrupted import. */
export async function importTopic(job: TopicImportJob): Promise<void> {
  const { topicName, driver, topicOptions, components, partial, console, signal } = job;
  const { rootPath, name } = cppLocation("from", job.options, topicName);
  const source = CppTopic.open(rootPath, name);
  const progress = console.startProgress("imported", { events: source.events });
  try {
    const startedMs = performance.now();
    const { events, metadataBytes, dataBytes, partitions, ...large } = await importCppFiles({
      rootPath,
      topic: name,
      driver,
      into: topicName,
      topicOptions,
      components,
      partial,
      ...job.large,
      signal,
      onProgress: (now) => {
        progress.done.events = now.events;
        progress.done.bytes = now.metadataBytes + now.dataBytes;
      },
      onWarning: (text) => console.log.warn(text),
    });
    progress.stop();
    const resumed = partitions.reduce((sum, { resumedEvents }) => sum + resumedEvents, 0);
    if (resumed > 0) console.log.info(`${counted(resumed, "event")} had been imported before`);
    const rate = Math.round(events / Math.max(0.001, (performance.now() - startedMs) / 1000));
    // If events were skipped, the ids differ.
    const same = (large.skippedEvents ?? 0) === 0
      ? "the same ids, metadata and data"
      : "the same metadata and data";
    console.log.info(
      `Imported ${counted(events, "event")} into topic '${topicName}': ${
        counted(metadataBytes, "byte")
      } of metadata, ` +
        `${counted(dataBytes, "byte")} of data; read back: ${same}${largeSummary(large)}; ${rate} events/s`,
    );
  } finally {
    progress.stop();
  }
}
