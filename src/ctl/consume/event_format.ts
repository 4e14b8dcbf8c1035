import type { Event } from "../../../mod.ts";
import { metadataLine, openJsonLine } from "../../event/json_line.ts";

/** Metadata as one line; a string is printed without quotes. */
export function rawLine(event: Event): string {
  const text = event.metadataText;
  return text.startsWith('"') ? JSON.parse(text) as string : metadataLine(event);
}

/**
 * An event as a JSON object with the size of its data, without the closing brace, so that the data can be
 * appended.
 */
export function openSizedJsonLine(event: Event): string {
  return `${openJsonLine(event)},"data_size":${event.dataDescriptor.size}`;
}
