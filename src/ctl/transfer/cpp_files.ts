import type { JsonObject } from "../../../mod.ts";
import { exportCppFiles, importCppFiles } from "../../cpp_files/mod.ts";
import { CppTopic } from "../../cpp_files/topic.ts";
import { isMisread } from "../../drivers/files/root_path.ts";
import { counted } from "../../text/counted.ts";
import type { ExportJob, TopicImportJob } from "./contract.ts";
import { largeSummary } from "./large_events.ts";
import { checkKeys } from "./transfer_options.ts";
import { UsageError } from "../usage_error.ts";

/** Writes a topic in the layout of the C++ files driver; continues an interrupted export. */
export async function exportTopic({ topic, options, console, done, signal }: ExportJob): Promise<void> {
  const { rootPath, name } = cppLocation("to", options, topic.name);
  const { events, metadataBytes, dataBytes, partitions } = await exportCppFiles({
    topic,
    rootPath,
    into: name,
    signal,
    onProgress: (now) => {
      done.events = now.events;
      done.bytes = now.metadataBytes + now.dataBytes;
    },
    onWarning: (text) => console.log.warn(text),
  });
  done.events = events;
  done.bytes = metadataBytes + dataBytes;
  const resumed = partitions.reduce((sum, { resumedEvents }) => sum + resumedEvents, 0);
  if (resumed > 0) console.log.info(`${counted(resumed, "event")} had been exported before`);
  console.log.info(
    `Written: ${counted(metadataBytes, "byte")} of metadata, ${counted(dataBytes, "byte")} of data`,
  );
}

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

/**
 * The location of a topic of the C++ driver: the driver's `root_path`, and the topic's name there if it differs.
 */
function cppLocation(
  prefix: "to" | "from",
  options: JsonObject,
  topicName: string,
): { rootPath: string; name: string } {
  checkKeys(prefix, options, ["root_path", "name"]);
  const { root_path: rootPath, name = topicName } = options;
  if (rootPath === undefined) {
    throw new UsageError(
      `Missing option: add "--${prefix}.root_path DIR", the root_path of the C++ files driver`,
    );
  }
  if (isMisread(String(rootPath))) {
    throw new UsageError(`Option "--${prefix}.root_path" takes a path, found ${JSON.stringify(rootPath)}`);
  }
  // Both may look like a number.
  return { rootPath: String(rootPath), name: String(name) };
}
