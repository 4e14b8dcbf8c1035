import { compileEventPattern, type Event, type JsonValue } from "../../mod.ts";
import { metadataTextOf } from "./event_view.ts";
import { BadRequestError } from "./http_response.ts";
import type { Query } from "./query.ts";

/** Decides whether an event is shown. */
export type EventFilter = (event: Event) => boolean;

/** The filter of a request: a pattern as `filter`, and a `text` that the metadata contains, ignoring case. */
export function filterOf(query: Query): EventFilter | undefined {
  const matches = parseFilter(query.text("filter"));
  const text = query.text("text")?.toLowerCase();
  if (text === undefined) return matches;
  const contains: EventFilter = (event) => metadataTextOf(event).toLowerCase().includes(text);
  return matches === undefined ? contains : (event) => contains(event) && matches(event);
}

/** Compiles an EventBridge pattern given as text; no pattern accepts every event. */
function parseFilter(text: string | undefined): EventFilter | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  let pattern: JsonValue;
  try {
    pattern = JSON.parse(text);
  } catch (error) {
    throw new BadRequestError(`The filter is not JSON: ${(error as Error).message}`);
  }
  const matches = compileEventPattern(pattern);
  return (event) => {
    try {
      return matches(event.metadata);
    } catch {
      // Metadata that cannot be parsed does not match.
      return false;
    }
  };
}
