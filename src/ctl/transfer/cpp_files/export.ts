import { exportCppFiles } from "../../../cpp_files/mod.ts";
import type { ExportJob } from "../contract.ts";
import { cppLocation } from "./options.ts";
import { counted } from "../../../text/counted.ts";

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
