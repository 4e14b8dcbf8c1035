import { ofPartition } from "../../contract/partitions.ts";
import { nodeStorage } from "../../storage/node.ts";
import type { FindingView, Page, SegmentView } from "../../ui/contract.ts";
import type { Inspector } from "../../ui/inspector.ts";
import { TopicFiles } from "../verify/store.ts";

/** Inspects the files of the files driver. */
const filesInspector: Inspector = {
  segments(topic, { partition, offset, limit }): Page<SegmentView> {
    const files = ofPartition(new TopicFiles(topic).partitions, partition);
    try {
      const newest = files.segmentIds().toReversed();
      const items = newest.slice(offset, offset + limit).map((firstId, at): SegmentView => {
        const endId = newest[offset + at - 1];
        const stat = nodeStorage.stat(files.pathOf(firstId));
        return {
          firstId,
          ...(endId === undefined ? {} : { endId }),
          bytes: stat?.bytes ?? 0,
          modified: stat?.modified ?? 0,
        };
      });
      return { total: newest.length, offset, items };
    } finally {
      files.close();
    }
  },

  async *verify(topic, options): AsyncGenerator<FindingView, void, void> {
    for await (const finding of new TopicFiles(topic).verify(options)) {
      const { severity, partition, firstId, endId, file, offset, reason } = finding;
      yield { severity, partition, firstId, endId, file, offset, reason };
    }
  },
};

/** The inspector of a driver whose topics are files; undefined for others. */
export function inspectorFor(driverName: string): Inspector | undefined {
  return driverName === "files" ? filesInspector : undefined;
}
