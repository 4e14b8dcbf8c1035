/**
 * What a format of `export` and `import` implements.
 *
 * @module
 */
import type { ComponentDocument, DataPart, Driver, JsonObject, Topic, TopicInfo } from "../../../mod.ts";
import type { LargeMetadataOptions } from "../../metadata/large_metadata.ts";
import type { Console } from "../console/console.ts";
import type { Done } from "../console/progress.ts";

/** One export. */
export interface ExportJob {
  topic: Topic;
  info: TopicInfo;
  /** Whether metadata are the bytes that the topic's serializer wrote, as a text in base64: it is not loaded. */
  rawMetadata: boolean;
  /** What `--to.KEY VALUE` gave. */
  options: JsonObject;
  console: Console;
  /** To count into; shown as progress. */
  done: Done;
  /** Aborted when the export is to be given up. */
  signal: AbortSignal;
}

/** Writes a topic. */
export interface ExportFormat {
  /** Whether it can hold metadata as bytes. */
  readonly takesRawMetadata?: boolean;
  /** Writes the whole topic; what is there when it fails or is aborted is not a complete export. */
  exportTopic(job: ExportJob): Promise<void>;
}

/** One import. */
export interface ImportJob {
  /** What `--from.KEY VALUE` gave. */
  options: JsonObject;
  /** Name of the topic to write to; formats that hold several topics read the one of that name. */
  topicName: string;
  console: Console;
  signal: AbortSignal;
}

/** Reads a topic whose events are pushed one by one, after those that are there. */
export interface SourceFormat {
  /** Opens the source; throws `UsageError` for options that are wrong. */
  openSource(job: ImportJob): Promise<ImportSource>;
}

/** One import that does everything itself. */
export interface TopicImportJob extends ImportJob {
  driver: Driver;
  /** Whether what was read before damage becomes a topic. */
  partial: boolean;
  /** What becomes of metadata that are too large. */
  large: LargeMetadataOptions;
  /** What `--topic.KEY VALUE` gave for a new topic. */
  topicOptions: JsonObject;
  /** The components that the command line names for a new topic. */
  components: {
    validator?: ComponentDocument;
    serializer?: ComponentDocument;
    partitionSelector?: ComponentDocument;
  };
}

/** Copies a topic as a whole: to a new one, or to one that an earlier run began. */
export interface TopicFormat {
  importTopic(job: TopicImportJob): Promise<void>;
}

/** Reads a topic. */
export type ImportFormat = SourceFormat | TopicFormat;

/** A topic in another format, opened for reading. */
export interface ImportSource extends AsyncDisposable {
  /** What a new topic is created with, as far as the source knows. */
  readonly definition: {
    options?: JsonObject;
    validator?: ComponentDocument;
    serializer?: ComponentDocument;
    partitionSelector?: ComponentDocument;
  };
  /** Whether every event says which partition it is of, and was pushed before: it need not be admitted again. */
  readonly keepsPartitions?: boolean;
  /** Whether metadata are the bytes that the serializer wrote, as a text in base64. */
  readonly rawMetadata?: boolean;
  /** How much there is, as far as known; for progress. */
  readonly total: Partial<Done>;
  /** What one event is called in error messages, with its number: `Line`, `Event`. */
  readonly unit: string;
  /**
   * The events, for a topic with so many partitions; within a partition in their order. Throws for a malformed one,
   * naming it.
   */
  events(partitions: number): AsyncIterable<ImportedEvent>;
  /** Reads everything and throws what {@linkcode events} would; missing where a source can be read only once. */
  check?(partitions: number): Promise<void>;
}

/** An event on its way in. */
export interface ImportedEvent {
  /** Which event of the source it is, counted from 1, as error messages name it. */
  number: number;
  /** The partition it was in, where known. */
  partition?: number;
  /** Metadata as a JSON document. */
  document: string;
  /** The data part; a stream must be used up before the next event is asked for. */
  data?: DataPart;
  /** Size of the data part in bytes. */
  dataBytes: number;
}
