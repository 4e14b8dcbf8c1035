/**
 * What the page asks the server, and what it gets. Everything is JSON; times are milliseconds since 1970.
 *
 * ```text
 * GET    /api/store
 * GET    /api/health      POST begins a check
 * GET    /api/topics?search=&sort=&offset=&limit=             sort: name, partitions, events, bytes, rate, newest, lag
 * GET    /api/consumers?search=&sort=&offset=&limit=          of all topics; sort: topic, consumer, events, bytes, seconds
 * GET    /api/topics/NAME?offset=&limit=                      the topic and some of its partitions
 * GET    /api/topics/NAME/samples?since=                      what was noted while it was looked at
 * GET    /api/topics/NAME/rates?from=&to=&spans=              events a span, from the log's own times
 * GET    /api/topics/NAME/segments?partition=&offset=&limit=
 * GET    /api/topics/NAME/consumers?offset=&limit=
 * GET    /api/topics/NAME/events?partition=&from=|before=|time=&limit=&filter=&text=
 * GET    /api/topics/NAME/latest?time=|older=|newer=&limit=&filter=&text=
 *                                                             events of all partitions by time
 * GET    /api/topics/NAME/found?as=jsonl|data|tar&partition=&from=|time=&filter=&text=
 *                                                             all that a search finds, as a file
 * GET    /api/topics/NAME/live?partition=&filter=             server-sent events: `events`, `fault`
 * GET    /api/topics/NAME/partitions/N/events/ID              the metadata, whole, as it is stored
 * GET    /api/topics/NAME/partitions/N/events/ID/data?offset=&size=
 * GET    /api/topics/NAME/verify      POST begins one, DELETE ends it
 * ```
 *
 * @module
 */
import type { GroupMember, PartitionDescription, PartitionLag } from "../contract.ts";
import type { JsonObject } from "../json.ts";

/** The store as a whole. */
export interface StoreView {
  driver: string;
  /** Where it is, as far as the driver's options say. */
  place: string;
  version: string;
  /** Whether the driver keeps files: segments can be shown, and verified. */
  hasFiles: boolean;
  /** Whether it can be asked whether the store's place is fit. */
  hasDoctor: boolean;
  /** What names it on a command line, e.g. `["--store", "/data"]`. */
  words: string[];
  /** The options that its topics have. */
  topicOptions: OptionView[];
}

/** Whether the place of the store is fit for it. */
export interface HealthView {
  state: "never" | "running" | "done" | "failed";
  endedTime?: number;
  findings: HealthFinding[];
  /** Why it failed. */
  fault?: string;
}

/** One thing that was checked; `warn` is fit with a reservation, `unknown` could not be tried. */
export interface HealthFinding {
  check: string;
  verdict: "ok" | "warn" | "fail" | "unknown";
  detail: string;
}

/** An option of a topic. */
export interface OptionView {
  key: string;
  meaning: string;
  /** What holds where it is not set. */
  ifUnset: string;
  /** Whether it may change after the topic was made. */
  canChange: boolean;
}

/** Some of a list. */
export interface Page<Item> {
  total: number;
  offset: number;
  items: Item[];
}

/** Some of a list that is sorted by what topics are like. */
export interface SortedPage<Item> extends Page<Item> {
  /** Topics that were not wholly looked at yet, so that they may stand in a wrong place, or are missing. */
  unseen: number;
}

/** Sums over the partitions of a topic. */
export interface TopicTotals {
  events: number;
  bytes: number;
  segments: number;
  /** Events of the partition that has most. */
  eventsMost: number;
  oldestTime?: number;
  newestTime?: number;
}

/** One line of the list of topics. */
export interface TopicLine {
  name: string;
  numPartitions: number;
  totals?: TopicTotals;
  /** Events/s since the line was asked for last. */
  rate?: number;
  /** The consumer that lags most, where any does. */
  lag?: { consumer: string; events: number };
  /** Places that the last verification found damaged. */
  damage?: number;
  /** Why there are no totals. */
  fault?: string;
}

/** A consumer of any topic, and how far it is behind. */
export interface ConsumerLine {
  topic: string;
  name: string;
  events: number;
  bytes: number;
  seconds: number;
}

/** One topic. */
export interface TopicView {
  name: string;
  path?: string;
  options: JsonObject;
  validator: JsonObject;
  serializer: JsonObject;
  partitionSelector: JsonObject;
  totals: TopicTotals;
  partitions: Page<PartitionDescription>;
}

/** What a topic was like at a moment. */
export interface Sample {
  time: number;
  /** Events that were ever stored in it. */
  events: number;
  bytes: number;
  /** Events that each consumer name is behind. */
  lag: Record<string, number>;
}

/** How many events were stored in spans of time. */
export interface Rates {
  /** Beginnings of the spans, and the end of the last one. */
  times: number[];
  /** Events of each span. */
  events: number[];
  /** Set when the topic has too many partitions for it to be asked. */
  unavailable?: true;
}

/** One segment file. */
export interface SegmentView {
  firstId: number;
  /** One past the last id; missing of the one that is written to. */
  endId?: number;
  bytes: number;
  modified: number;
}

/** A consumer name and how far it is behind. */
export interface ConsumerView {
  name: string;
  events: number;
  bytes: number;
  seconds: number;
  partitions: PartitionLag[];
  /** Who shares the partitions under that name, where someone does. */
  members?: GroupMember[];
  /** Set where it was not asked for yet: then the rest means nothing. */
  isUnseen?: true;
}

/** An event, as lists show it. */
export interface EventView {
  partition: number;
  id: number;
  timestamp: number;
  /** The metadata as it is stored, or the beginning of it. */
  metadata: string;
  /** Set when `metadata` is not all of it: its length in characters. */
  metadataChars?: number;
  dataBytes: number;
}

/** Events of one partition, or the newest of all, which have no ids in common. */
export interface EventsView {
  partition?: number;
  /** First id that is there. */
  firstId: number;
  /** One past the last id that is there. */
  endId: number;
  events: EventView[];
  /** The ids looked at: from this one … */
  fromId: number;
  /** … to the one before this. */
  untilId: number;
  /** Damage that was passed over. */
  damage: string[];
  /** Given where it is a page of all partitions. */
  merged?: MergedView;
}

/** How a page of all partitions goes on. */
export interface MergedView {
  /** What to ask for as `older` or `newer`: a place in each partition. */
  older: string;
  newer: string;
  hasOlder: boolean;
  hasNewer: boolean;
  /** Events in the direction of the question that were not looked at, and how many there are. */
  left: number;
  total: number;
}

/** What the live tail sends. */
export interface LiveView {
  events: EventView[];
  /** Events that came faster than they can be shown. */
  skipped: number;
}

/** One thing that a verification found. */
export interface FindingView {
  severity: "damage" | "redundant" | "torn";
  partition: number;
  firstId: number;
  endId: number;
  file: string;
  offset: number;
  reason: string;
}

/** A verification of a topic. */
export interface VerifyView {
  state: "never" | "running" | "done" | "stopped" | "failed";
  startedTime?: number;
  endedTime?: number;
  bytesTotal: number;
  bytes: number;
  events: number;
  counts: { damage: number; redundant: number; torn: number };
  /** The first of them. */
  findings: FindingView[];
  /** Why it failed. */
  fault?: string;
}

/** What an answer with an error status says. */
export interface FaultView {
  fault: string;
  code?: string;
}
