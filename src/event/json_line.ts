/** What of an event stands in a line. */
interface Line {
  partition: number;
  id: number;
  timestamp: number;
  metadataText: string;
}

/** Control characters of ASCII save the tab. */
const CONTROLS = /[^\P{Cc}\t\u007f-\u009f]/u;

/**
 * The metadata of an event as one line of JSON: as it was stored, save that line ends between tokens go. Control
 * characters, which no JSON text has, are written out: a terminal would follow them.
 */
export function metadataLine({ metadataText }: Pick<Line, "metadataText">): string {
  if (!CONTROLS.test(metadataText)) return metadataText;
  // A JSON text has line ends only between tokens: within strings they are escaped.
  return metadataText.replace(/[\r\n]+/g, " ").replace(new RegExp(CONTROLS, "gu"), writtenOut);
}

function writtenOut(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** An event as a JSON object without the closing brace, so that more of it can follow. */
export function openJsonLine(event: Line): string {
  const { partition, id, timestamp } = event;
  return `{"partition":${partition},"id":${id},"timestamp":${timestamp},"metadata":${metadataLine(event)}`;
}
