/**
 * What a format of `export` and `import` implements.
 *
 * @module
 */
import type { DataPart, Driver, JsonObject, Topic, TopicDefinition, TopicInfo } from "../../../mod.ts";
import type { LargeMetadataOptions } from "../../metadata/large_metadata.ts";
import type { Console } from "../console/console.ts";
import type { Done } from "../console/progress.ts";

/** The components of a topic, as far as they are named. */
export type NamedComponents = Partial<
  Pick<TopicDefinition, "validator" | "serializer" | "partitionSelector">
>;

/** One export. */
export interface ExportJob {
  topic: Topic;
  info: TopicInfo;
  /** Whether metadata is the raw bytes of the topic's serializer, encoded in base64, because it is not loaded. */
  rawMetadata: boolean;
  /** The options given by `--to.KEY VALUE`. */
  options: JsonObject;
  console: Console;
  /** Progress counters. */
  done: Done;
  /** Aborted to cancel the export. */
  signal: AbortSignal;
}

/** Writes a topic. */
export interface ExportFormat {
  /** Whether it supports metadata as raw bytes. */
  readonly takesRawMetadata?: boolean;
  /** Writes the whole topic; after a failure or an abort, the output is not a complete export. */
  exportTopic(job: ExportJob): Promise<void>;
}

/** One import. */
export interface ImportJob {
  /** The options given by `--from.KEY VALUE`. */
  options: JsonObject;
  /** Name of the target topic; formats that hold several topics read the one of that name. */
  topicName: string;
  console: Console;
  signal: AbortSignal;
}

/** A format whose events are pushed one by one, after those in the topic. */
interface SourceFormat {
  /** Opens the source; throws `UsageError` for invalid options. */
  openSource(job: ImportJob): Promise<ImportSource>;
}

/** An import by a format that writes the topic itself. */
export interface TopicImportJob extends ImportJob {
  driver: Driver;
  /** Whether to keep the events read before damage as a topic. */
  partial: boolean;
  /** How to treat metadata that is too large. */
  large: LargeMetadataOptions;
  /** The options of a new topic, given by `--topic.KEY VALUE`. */
  topicOptions: JsonObject;
  /** The components of a new topic, given on the command line. */
  components: NamedComponents;
}

/** Copies a whole topic: to a new one, or to one that an earlier run began. */
interface TopicFormat {
  importTopic(job: TopicImportJob): Promise<void>;
}

/** Reads a topic. */
export type ImportFormat = SourceFormat | TopicFormat;

/** A topic in another format, opened for reading. */
export interface ImportSource extends AsyncDisposable {
  /** The definition of a new topic, as far as the source provides it. */
  readonly definition: NamedComponents & { options?: JsonObject };
  /** Whether every event has its partition and was pushed before: it need not be validated again. */
  readonly keepsPartitions?: boolean;
  /** Whether metadata is the raw bytes of the serializer, encoded in base64. */
  readonly rawMetadata?: boolean;
  /** The total amount as far as known, for progress. */
  readonly total: Partial<Done>;
  /** What error messages call an event, before its number: `Line`, `Event`. */
  readonly unit: string;
  /**
   * The events, for a topic with that many partitions; in order within each partition. Throws for a malformed
   * event, naming it.
   */
  events(partitions: number): AsyncIterable<ImportedEvent>;
  /** Reads everything and throws what {@linkcode events} would; missing if a source can be read only once. */
  check?(partitions: number): Promise<void>;
}

/** An event to be imported. */
export interface ImportedEvent {
  /** Its number in the source, starting at 1, for error messages. */
  number: number;
  /** Its original partition, if known. */
  partition?: number;
  /** Metadata as a JSON document. */
  document: string;
  /** The data part; a stream must be consumed before the next event is requested. */
  data?: DataPart;
  /** Size of the data part in bytes. */
  dataBytes: number;
}
