import type { Event } from "../../../mod.ts";
import type { Output } from "../console/output.ts";
import { DataFiles, piecesOf, writeEncoded } from "./data_sink.ts";
import { metadataLine, openJsonLine } from "../../event/json_line.ts";
import { type Template, wholeData } from "./template.ts";

/** How to print events. */
interface PrintOptions {
  topic: string;
  json: boolean;
  raw: boolean;
  /** `none`, `base64`, `hex`, `-` or a pattern of file names. */
  data: string;
  /** The format of a line; if given, `json` and `raw` have no effect. */
  template?: Template | undefined;
}

/** Prints one event. Returns a promise only if it must be awaited before the next one. */
export type Printer = (event: Event) => void | Promise<void>;

/** Selects the way to print, once for all events. */
export function printerFor(out: Output, { topic, json, raw, data, template }: PrintOptions): Printer {
  if (template !== undefined) return templatePrinter(out, topic, template, data);
  const line = raw ? rawLine : metadataLine;
  if (data === "none") {
    return json ? (event) => out.line(`${openSizedJsonLine(event)}}`) : (event) => out.line(line(event));
  }
  if (data === "-") {
    return async (event) => {
      for await (const piece of piecesOf(event)) await out.bytes(piece);
    };
  }
  if (data === "base64" || data === "hex") {
    return async (event) => {
      await out.text(json ? `${openSizedJsonLine(event)},"data":"` : `${line(event)}\t`);
      await writeEncoded(event, data, out);
      await out.text(json ? '"}\n' : "\n");
    };
  }
  const files = new DataFiles(data);
  return async (event) => {
    await files.write(topic, event);
    await out.line(json ? `${openSizedJsonLine(event)}}` : line(event));
  };
}

function templatePrinter(out: Output, topic: string, template: Template, data: string): Printer {
  const files = data === "none" ? undefined : new DataFiles(data);
  const none = new Uint8Array(0);
  if (files === undefined && !template.needsData) return (event) => out.line(template.format(event, none));
  return async (event) => {
    await files?.write(topic, event);
    await out.line(template.format(event, template.needsData ? await wholeData(event) : none));
  };
}

/** Metadata as one line; a string is printed without quotes. */
export function rawLine(event: Event): string {
  const text = event.metadataText;
  return text.startsWith('"') ? JSON.parse(text) as string : metadataLine(event);
}

/**
 * An event as a JSON object with the size of its data, without the closing brace, so that the data can be
 * appended.
 */
function openSizedJsonLine(event: Event): string {
  return `${openJsonLine(event)},"data_size":${event.dataDescriptor.size}`;
}
