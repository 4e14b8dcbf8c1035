/**
 * The requests of the page and the server's responses. Everything is JSON; times are milliseconds since 1970.
 *
 * ```text
 * GET    /api/store
 * GET    /api/health      POST begins a check
 * GET    /api/topics?search=&sort=&offset=&limit=             sort: name, partitions, events, bytes, rate, newest, lag
 * GET    /api/consumers?search=&sort=&offset=&limit=          of all topics; sort: topic, consumer, events, bytes, seconds
 * GET    /api/topics/NAME?offset=&limit=                      the topic and some of its partitions
 * GET    /api/topics/NAME/samples?since=                      samples taken while its page is open
 * GET    /api/topics/NAME/rates?from=&to=&spans=              events per interval, by their timestamps
 * GET    /api/topics/NAME/segments?partition=&offset=&limit=
 * GET    /api/topics/NAME/consumers?offset=&limit=
 * GET    /api/topics/NAME/events?partition=&from=|before=|time=&limit=&filter=&text=
 * GET    /api/topics/NAME/latest?time=|older=|newer=&limit=&filter=&text=
 *                                                             events of all partitions by time
 * GET    /api/topics/NAME/found?as=jsonl|data|tar&partition=&from=|time=&filter=&text=
 *                                                             all that a search finds, as a file
 * GET    /api/topics/NAME/live?partition=&filter=&text=       server-sent events: `events`, `fault`
 * GET    /api/topics/NAME/partitions/N/events/ID              the complete metadata, as stored
 * GET    /api/topics/NAME/partitions/N/events/ID/data?offset=&size=
 * GET    /api/topics/NAME/verify      POST begins one, DELETE ends it
 * ```
 *
 * @module
 */
import type { GroupMember, PartitionDescription, PartitionLag } from "../contract.ts";
import type { Damage } from "../errors.ts";
import type { JsonObject } from "../json.ts";

/** The store as a whole. */
export interface StoreView {
  driver: string;
  /** Its location, according to the driver's options. */
  place: string;
  version: string;
  /** Whether the driver stores files: segments can be shown and verified. */
  hasFiles: boolean;
  /** Whether the store's health can be checked. */
  hasDoctor: boolean;
  /** Command line words that select it, e.g. `["--store", "/data"]`. */
  words: string[];
  /** The options of its topics. */
  topicOptions: OptionView[];
}

/** The result of the health check. */
export interface HealthView {
  state: "never" | "running" | "done" | "failed";
  endedTime?: number;
  findings: HealthFinding[];
  /** Why the check itself failed. */
  fault?: string;
}

/** One check; `warn` means usable with a limitation, `unknown` that it could not be tested. */
export interface HealthFinding {
  check: string;
  verdict: "ok" | "warn" | "fail" | "unknown";
  detail: string;
}

/** An option of a topic. */
export interface OptionView {
  key: string;
  meaning: string;
  /** The effective value if it is not set. */
  ifUnset: string;
  /** Whether it can be changed after the topic was created. */
  canChange: boolean;
}

/** A page of a list. */
export interface Page<Item> {
  total: number;
  offset: number;
  items: Item[];
}

/** A page of a list sorted by properties of topics. */
export interface SortedPage<Item> extends Page<Item> {
  /** Number of topics without complete information, which may be in the wrong place or missing. */
  unseen: number;
}

/** Totals over the partitions of a topic. */
export interface TopicTotals {
  events: number;
  bytes: number;
  segments: number;
  /** Number of events in the largest partition. */
  eventsMost: number;
  oldestTime?: number;
  newestTime?: number;
}

/** One entry of the list of topics. */
export interface TopicLine {
  name: string;
  numPartitions: number;
  totals?: TopicTotals;
  /** Events/s since the previous request. */
  rate?: number;
  /** The consumer with the largest lag, if any lags. */
  lag?: { consumer: string; events: number };
  /** Whether not every consumer was queried yet. */
  isLagUnseen?: boolean;
  /** Number of damaged places found by the last verification. */
  damage?: number;
  /** Why the totals are missing. */
  fault?: string;
}

/** A consumer name and its lag over all partitions. */
interface ConsumerTotals {
  name: string;
  events: number;
  bytes: number;
  seconds: number;
  /** Why the lag in some partition is unknown, which is not counted then. */
  fault?: string;
}

/** A consumer of any topic, and its lag. */
export interface ConsumerLine extends ConsumerTotals {
  topic: string;
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

/** A sample of a topic's state. */
export interface Sample {
  time: number;
  /** Number of events ever stored. */
  events: number;
  bytes: number;
  /** Lag in events, by consumer name. */
  lag: Record<string, number>;
}

/** Number of events stored per time interval. */
export interface Rates {
  /** Starts of the intervals, and the end of the last one. */
  times: number[];
  /** Number of events in each interval. */
  events: number[];
  /** Set if the topic has too many partitions for this, or none that can be asked. */
  unavailable?: true;
}

/** One segment file. */
export interface SegmentView {
  firstId: number;
  /** One past the last id; missing for the segment that is being written. */
  endId?: number;
  bytes: number;
  modified: number;
}

/** A consumer of a topic, and its lag in each partition. */
export interface ConsumerView extends ConsumerTotals {
  partitions: PartitionLag[];
  /** The members of its group, if it has any. */
  members?: GroupMember[];
  /** Set if it has not been queried yet: the other fields are then meaningless. */
  isUnseen?: true;
}

/** An event, as shown in lists. */
export interface EventView {
  partition: number;
  id: number;
  timestamp: number;
  /** The metadata as stored, possibly truncated. */
  metadata: string;
  /** Set if `metadata` is truncated: its total length in characters. */
  metadataChars?: number;
  dataBytes: number;
}

/** Events of one partition, or of all partitions, which have no common ids. */
export interface EventsView {
  partition?: number;
  /** First existing id. */
  firstId: number;
  /** One past the last existing id. */
  endId: number;
  events: EventView[];
  /** The first scanned id. */
  fromId: number;
  /** One past the last scanned id. */
  untilId: number;
  /** Skipped damage. */
  damage: string[];
  /** Set for a page over all partitions. */
  merged?: MergedView;
}

/** The continuation of a page over all partitions. */
interface MergedView {
  /** The value of `older` or `newer` in the next request: a position in each partition. */
  older: string;
  newer: string;
  hasOlder: boolean;
  hasNewer: boolean;
  /** Number of events not scanned yet in the requested direction, and the total. */
  left: number;
  total: number;
}

/** A message of the live tail. */
export interface LiveView {
  events: EventView[];
  /** Number of events that arrived too fast to be shown. */
  skipped: number;
}

/** One finding of a verification. */
export interface FindingView extends Omit<Damage, "topic"> {
  /** As `verify` tells them apart. */
  severity: "damage" | "redundant" | "torn" | "foreign" | "unreadable";
}

/** A verification of a topic. */
export interface VerifyView {
  state: "never" | "running" | "done" | "stopped" | "failed";
  startedTime?: number;
  endedTime?: number;
  bytesTotal: number;
  bytes: number;
  events: number;
  counts: Record<FindingView["severity"], number>;
  /** The first findings. */
  findings: FindingView[];
  /** Why the verification failed. */
  fault?: string;
}

/** The body of an error response. */
export interface FaultView {
  fault: string;
  code?: string;
}
