import type { Event } from "../../mod.ts";
import type { EventView } from "./contract.ts";
import { messageOf } from "../text/message.ts";

/** Longer metadata is truncated in lists, and sent completely on request. */
const METADATA_CHARS_MAX = 4096;

/** The metadata of an event as JSON text; a string that says why if it cannot be deserialized. */
export function metadataTextOf(event: Event): string {
  try {
    return event.metadataText;
  } catch (error) {
    return JSON.stringify(messageOf(error));
  }
}

/** An event, as shown in lists. */
export function eventView(event: Event): EventView {
  const { partition, id, timestamp } = event;
  const text = metadataTextOf(event);
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
