/** The parts of an event that appear in a line. */
interface Line {
  partition: number;
  id: number;
  timestamp: number;
  metadataText: string;
}

/** ASCII control characters except the tab. */
const CONTROLS = /[^\P{Cc}\t\u007f-\u009f]/u;

/**
 * The metadata of an event as one line of JSON: the stored text without line breaks between tokens. Control
 * characters, which valid JSON never contains, are escaped: a terminal would interpret them.
 */
export function metadataLine({ metadataText }: Pick<Line, "metadataText">): string {
  if (!CONTROLS.test(metadataText)) return metadataText;
  // Valid JSON has line breaks only between tokens: within strings they are escaped.
  return metadataText.replace(/[\r\n]+/g, " ").replace(new RegExp(CONTROLS, "gu"), escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** An event as a JSON object without the closing brace, so that members can be appended. */
export function openJsonLine(event: Line): string {
  const { partition, id, timestamp } = event;
  return `{"partition":${partition},"id":${id},"timestamp":${timestamp},"metadata":${metadataLine(event)}`;
}
