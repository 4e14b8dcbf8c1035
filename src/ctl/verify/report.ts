import type { JsonObject } from "../../../mod.ts";
import type { Finding } from "../../log/check/mod.ts";

/** One finding as a line: what, where and how severe. */
export function findingLine(topic: string, finding: Finding): string {
  const { severity, kind, partition, file, offset, reason } = finding;
  // The reason names the file.
  if (kind === "document" || kind === "unreadable") return `${severity}: topic "${topic}": ${reason}`;
  return `${severity}: topic "${topic}" partition ${partition}${
    eventsText(finding)
  }: ${reason} in "${file}" at byte ${offset}`;
}

/** ` event 5`, ` events 5 to 9` or nothing. */
export function eventsText({ firstId, endId }: { firstId: number; endId: number }): string {
  if (endId <= firstId) return "";
  return endId === firstId + 1 ? ` event ${firstId}` : ` events ${firstId} to ${endId - 1}`;
}

/** One finding as JSON. */
export function findingDocument(topic: string, finding: Finding): JsonObject {
  const { severity, kind, partition, firstId, endId, file, offset, bytes, reason } = finding;
  return {
    topic,
    severity,
    kind,
    partition,
    first_id: firstId,
    end_id: endId,
    file,
    offset,
    ...(bytes === undefined ? {} : { bytes }),
    reason,
  };
}
