import type { TopicInfo } from "../../mod.ts";
import type { FindingView, Page, SegmentView } from "./contract.ts";

/** Inspects the storage below the driver's interface. */
export interface Inspector {
  /** A page of the segments of a partition, newest first. */
  segments(
    topic: TopicInfo,
    request: { partition: number; offset: number; limit: number },
  ): Page<SegmentView>;
  /** Reads every byte of a topic and verifies the checksums. */
  verify(
    topic: TopicInfo,
    options: { signal: AbortSignal; progress: (done: { bytes: number; events: number }) => void },
  ): AsyncIterable<FindingView>;
}
