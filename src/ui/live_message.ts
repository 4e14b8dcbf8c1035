/** A server-sent event. */
export function liveMessage(name: "events" | "fault", value: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
}
