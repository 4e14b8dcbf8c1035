import { once } from "node:events";
import { createGzip } from "node:zlib";
import type { Event } from "../../../../mod.ts";
import { piecesOf } from "../../consume/data_sink.ts";
import { metadataLine } from "../../../event/json_line.ts";
import type { ExportJob } from "../contract.ts";
import { fileOption } from "../transfer_options.ts";
import { type ExportFile, openExportFile } from "../export_file.ts";
import { eventsOf } from "../topic_events.ts";
import {
  ARCHIVE_FORMAT,
  ARCHIVE_FORMAT_BYTES,
  type Manifest,
  MANIFEST_ENTRY,
  runName,
  TOPIC_ENTRY,
  type TopicEntry,
} from "./format.ts";
import { TarWriter } from "./tar_writer.ts";

/** If a topic's serializer is not loaded, its metadata is exported and imported as raw bytes. */
export const takesRawMetadata = true;

/** Writes a topic as an archive, compressed if the file's name ends in `gz`. */
export async function exportTopic(job: ExportJob): Promise<void> {
  const path = fileOption("to", job.options);
  const file = openExportFile(path, job.console.out.stream);
  try {
    if (/gz$/i.test(path)) await writeCompressed(job, file);
    else await writeArchive(job, new TarWriter(file.stream, Math.floor(Date.now() / 1000)));
    await file.finish();
  } catch (error) {
    file.abandon();
    throw error;
  }
}

async function writeCompressed(job: ExportJob, file: ExportFile): Promise<void> {
  const gzip = createGzip({ level: 6 });
  gzip.pipe(file.stream, { end: false });
  // A failure of the file must fail the compression stream.
  file.stream.on("error", (error) => gzip.destroy(error));
  await writeArchive(job, new TarWriter(gzip, Math.floor(Date.now() / 1000)));
  gzip.end();
  await once(gzip, "end");
}

async function writeArchive(job: ExportJob, tar: TarWriter): Promise<void> {
  const { info, rawMetadata } = job;
  const topic: TopicEntry = {
    format: rawMetadata ? ARCHIVE_FORMAT_BYTES : ARCHIVE_FORMAT,
    name: info.name,
    options: info.options,
    validator: info.validator,
    serializer: info.serializer,
    partition_selector: info.partitionSelector,
    ...(rawMetadata ? { metadata: "base64" } : {}),
  };
  await tar.entry(TOPIC_ENTRY, `${JSON.stringify(topic, undefined, 2)}\n`);
  const counts = { events: 0, data_bytes: 0 };
  for await (const { partition, events } of eventsOf(job.topic, job)) {
    const [first] = events;
    if (first === undefined) continue;
    const name = runName(partition, first.id);
    await tar.entry(`${name}.jsonl`, events.map(eventLine).join(""));
    const dataBytes = events.reduce((sum, event) => sum + event.dataDescriptor.size, 0);
    if (dataBytes > 0) {
      await tar.begin(`${name}.data`, dataBytes);
      for (const event of events) {
        for await (const piece of piecesOf(event)) await tar.write(piece);
      }
      await tar.end();
    }
    counts.events += events.length;
    counts.data_bytes += dataBytes;
  }
  const manifest: Manifest = { ...counts, sha256: { ...tar.sums } };
  await tar.entry(MANIFEST_ENTRY, `${JSON.stringify(manifest, undefined, 2)}\n`);
  await tar.close();
}

function eventLine(event: Event): string {
  const { id, timestamp, dataDescriptor } = event;
  const line = metadataLine(event);
  const member = line === event.metadataText
    ? `"metadata":${line}`
    : `"metadata_text":${JSON.stringify(event.metadataText)}`;
  return `{"id":${id},"timestamp":${timestamp},"data_size":${dataDescriptor.size},${member}}\n`;
}
