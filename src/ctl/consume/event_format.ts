import type { Event } from "../../../mod.ts";

/**
 * The metadata of an event as one line of JSON: as it was stored, save that line ends between tokens go. Control
 * characters, which no JSON text has, are written out: a terminal would follow them.
 */
export function metadataLine(event: Event): string {
  const text = event.metadataText;
  if (!CONTROLS.test(text)) return text;
  // A JSON text has line ends only between tokens: within strings they are escaped.
  return text.replace(/[\r\n]+/g, " ").replace(new RegExp(CONTROLS, "gu"), writtenOut);
}

/** Control characters of ASCII save the tab. */
const CONTROLS = /[^\P{Cc}\t\u007f-\u009f]/u;

function writtenOut(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
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
