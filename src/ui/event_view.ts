import type { Event } from "../../mod.ts";
import type { EventView } from "./contract.ts";

/** Longer metadata is truncated in lists, and sent completely on request. */
const METADATA_CHARS_MAX = 4096;

/** An event, as shown in lists. */
export function eventView(event: Event): EventView {
  const { partition, id, timestamp } = event;
  const text = event.metadataText;
  const view: EventView = {
    partition,
    id,
    timestamp,
    metadata: text,
    dataBytes: event.dataDescriptor.size,
  };
  if (text.length > METADATA_CHARS_MAX) {
    view.metadata = text.slice(0, METADATA_CHARS_MAX);
    view.metadataChars = text.length;
  }
  return view;
}
