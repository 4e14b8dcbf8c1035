import type { Event } from "../../../mod.ts";

/** The metadata of an event as one line of JSON: as it was stored, save that line ends between tokens go. */
export function metadataLine(event: Event): string {
  const text = event.metadataText;
  // A JSON text has line ends only between tokens: within strings they are escaped.
  return text.includes("\n") || text.includes("\r") ? text.replace(/[\r\n]+/g, " ") : text;
}

/** The same, save that a text stands without its quotes. */
export function rawLine(event: Event): string {
  const text = event.metadataText;
  return text.startsWith('"') ? JSON.parse(text) as string : metadataLine(event);
}

/** An event as a JSON object without the closing brace, so that its data can follow. */
export function openJsonLine(event: Event): string {
  return `{"partition":${event.partition},"id":${event.id},"timestamp":${event.timestamp},` +
    `"metadata":${metadataLine(event)},"data_size":${event.dataDescriptor.size}`;
}
