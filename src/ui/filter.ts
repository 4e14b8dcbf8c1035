import { compileEventPattern, type Event, type JsonValue } from "../../mod.ts";
import { BadRequestError } from "./answer.ts";

/** Whether an event is shown. */
export type EventFilter = (event: Event) => boolean;

/** Compiles an EventBridge pattern given as text; nothing takes every event. */
export function parseFilter(text: string | undefined): EventFilter | undefined {
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
      // Metadata that cannot be parsed match nothing.
      return false;
    }
  };
}
