import type { TopicInfo } from "../../mod.ts";
import type { FindingView, Page, SegmentView } from "./contract.ts";

/** Looks at what lies below the driver's interface, where there is anything. */
export interface Inspector {
  /** Some of the segments of a partition, the newest first. */
  segments(
    topic: TopicInfo,
    request: { partition: number; offset: number; limit: number },
  ): Page<SegmentView>;
  /** Reads every byte of a topic against its checksum. */
  verify(
    topic: TopicInfo,
    options: { signal: AbortSignal; progress: (done: { bytes: number; events: number }) => void },
  ): AsyncIterable<FindingView>;
}
