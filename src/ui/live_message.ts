/** A message of a stream of server-sent events. */
export function liveMessage(name: "events" | "fault", value: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`;
}
